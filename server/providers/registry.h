#pragma once

#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/net/http_client.h"
#include "server/providers/http.h"
#include "server/providers/kannel.h"
#include "server/providers/provider.h"
#include "server/providers/simulator.h"

namespace campaigner::providers {

// One provider of the configuration: mirrors ProviderConfig, with secrets resolved.
struct ProviderOptions {
  // Letters, digits, "_" and "-", 1 to 64.
  std::string name;
  std::variant<SimulatorOptions, KannelOptions, HttpOptions> kind;
};

// What providers share. Clock and client must outlive them.
struct ProviderContext {
  base::Clock& clock;
  net::HttpClient& http;
  ReceiptSink receipts;
};

// The registry: every kind of provider is made here. INVALID_ARGUMENT names the field
// ("providers[main].kannel.url").
absl::StatusOr<std::unique_ptr<Provider>> MakeProvider(const ProviderOptions& options,
                                                       ProviderContext context);

}  // namespace campaigner::providers

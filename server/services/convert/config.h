#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/routes.h"
#include "server/net/http_client.h"
#include "server/providers/registry.h"

namespace campaigner::services {

// The configuration as the rooms take it: defaults filled in, secrets resolved.
struct Settings {
  std::string default_region = "RU";
  std::vector<providers::ProviderOptions> providers;
  // `provider` is null; provider_name is one of `providers`.
  std::vector<dispatch::RouteOptions> routes;
  // ISO 4217, of the routes' prices; empty: they have none.
  std::string currency;
  net::NetworkList webhook_networks;
  absl::Duration webhook_timeout = absl::Seconds(15);
  // 0: 8, and more while a receiver answers quickly.
  int webhook_concurrency_per_destination = 0;
  absl::Duration retention = absl::Hours(24 * 90);
  // Without a slash at its end.
  std::string receipt_base_url = "http://127.0.0.1:8080";
  net::NetworkList trusted_gateways;
  // Absent: nothing is written. `path` may be relative to the data folder.
  std::optional<net::ExchangeLogOptions> exchange_log;
};

// The value of an environment variable; nullopt where it is not set.
using Environ = std::function<std::optional<std::string>(const std::string& name)>;
// The process's own.
std::optional<std::string> ProcessEnviron(const std::string& name);

// Reads campaigner.config.ServerConfig in protobuf text format. INVALID_ARGUMENT names line and
// column where the text is at fault, else the field ("providers[main].kannel.password").
absl::StatusOr<Settings> ParseSettings(const std::string& text, const Environ& environ);

}  // namespace campaigner::services

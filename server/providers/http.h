#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/net/http_client.h"
#include "server/providers/provider.h"

namespace campaigner::providers {

// See HttpConfig; the secrets are resolved.
struct HttpOptions {
  std::string url = {};
  std::string method = "POST";  // "POST", "GET" or "PUT".
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string content_type = "application/json";
  std::map<std::string, std::string> secrets = {};
  std::string message_id_pointer = {};
  bool deduplicates = false;
  bool receipts = false;
  absl::Duration timeout = absl::Seconds(15);
  std::string default_sender = {};
};

// Whatever has an HTTP interface: one request by template for each message. INVALID_ARGUMENT names
// the field and the placeholder. `http` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> MakeHttpProvider(const std::string& name,
                                                           const HttpOptions& options,
                                                           net::HttpClient& http);

}  // namespace campaigner::providers

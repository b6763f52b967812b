#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"
#include "server/base/address.h"

namespace campaigner::gateway {

// Whose address a request comes from. A connection's own, unless it comes from a trusted proxy:
// then the last address in X-Forwarded-For that is no trusted proxy's, without a port; "unknown",
// which no network contains, where that is no address. Thread-safe.
class ClientAddress {
 public:
  // `proxies` in CIDR form. INVALID_ARGUMENT names what is none.
  static absl::StatusOr<ClientAddress> Trusting(const std::vector<std::string>& proxies);

  // `request.client_address` is the connection's.
  std::string Of(const http::Request& request) const;

 private:
  explicit ClientAddress(base::NetworkList proxies) : proxies_(std::move(proxies)) {}
  base::NetworkList proxies_;
};

}  // namespace campaigner::gateway

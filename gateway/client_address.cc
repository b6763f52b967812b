#include "gateway/client_address.h"

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway {
namespace {

// All of them, in order, as one list: a proxy may add a header instead of a value.
std::string ForwardedFor(const http::Request& request) {
  std::string all;
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, "X-Forwarded-For")) continue;
    if (!all.empty()) all += ',';
    all += value;
  }
  return all;
}

}  // namespace

absl::StatusOr<ClientAddress> ClientAddress::Trusting(const std::vector<std::string>& proxies) {
  ASSIGN_OR_RETURN(auto networks, base::NetworkList::Parse(proxies));
  return ClientAddress(std::move(networks));
}

std::string ClientAddress::Of(const http::Request& request) const {
  std::string address = request.client_address;
  if (proxies_.empty() || !proxies_.Contains(address)) return address;
  const std::string forwarded = ForwardedFor(request);
  std::string_view rest = forwarded;
  // From the right: only what trusted proxies wrote is read.
  while (!rest.empty() && proxies_.Contains(address)) {
    const size_t comma = rest.rfind(',');
    std::string_view last = comma == rest.npos ? rest : rest.substr(comma + 1);
    rest = comma == rest.npos ? std::string_view() : rest.substr(0, comma);
    while (last.starts_with(' ')) last.remove_prefix(1);
    while (last.ends_with(' ')) last.remove_suffix(1);
    if (!base::ParseAddress(std::string(last))) break;
    address = last;
  }
  return address;
}

}  // namespace campaigner::gateway

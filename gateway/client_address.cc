#include "gateway/client_address.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway {
namespace {

// Of whoever a proxy does not name ("unknown", "_hidden"): in no network, so that it passes no
// check that its proxy's address would.
constexpr char kUnknown[] = "unknown";

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

// Of "203.0.113.9:5555", "[2001:db8::1]" and "[2001:db8::1]:5555", which some proxies write.
std::string_view WithoutPort(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
  const size_t colon = text.find(':');
  return colon == text.rfind(':') ? text.substr(0, colon) : text;
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
    address = WithoutPort(last);
    if (!base::ParseAddress(address)) return kUnknown;
  }
  return address;
}

}  // namespace campaigner::gateway

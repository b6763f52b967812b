#include "server/base/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "absl/status/status.h"

namespace campaigner::base {
namespace {

constexpr int kMappedBits = 96;  // Bits before the IPv4 in an IPv4-mapped address.

AddressBytes Mapped(const uint8_t* ipv4) {
  AddressBytes bytes{};
  bytes[10] = bytes[11] = 0xFF;
  std::memcpy(bytes.data() + 12, ipv4, 4);
  return bytes;
}

bool HasPrefix(const AddressBytes& address, const AddressBytes& prefix, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (std::memcmp(address.data(), prefix.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFF << (8 - bits % 8));
  return (address[whole] & mask) == (prefix[whole] & mask);
}

bool HasBitsBehind(const AddressBytes& address, int bits) {
  for (int bit = bits; bit < 128; ++bit) {
    if (address[static_cast<size_t>(bit / 8)] & (0x80 >> (bit % 8))) return true;
  }
  return false;
}

absl::Status NoNetwork(const std::string& entry, std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no network in CIDR form: {}", entry, why));
}

// IANA IPv4 Special-Purpose Address Registry: what is not globally reachable, and multicast.
const NetworkList& SpecialIpv4() {
  static const auto* const list = new NetworkList(*NetworkList::Parse(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
       "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
       "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"}));
  return *list;
}

// Inside 2000::/3, which is all that IANA has given out of IPv6: protocol assignments (Teredo,
// benchmark, ORCHID ..) and documentation.
const NetworkList& SpecialIpv6() {
  static const auto* const list =
      new NetworkList(*NetworkList::Parse({"2001::/23", "2001:db8::/32", "3fff::/20"}));
  return *list;
}

}  // namespace

std::optional<AddressBytes> ParseAddress(const std::string& address) {
  in_addr ipv4{};
  if (inet_pton(AF_INET, address.c_str(), &ipv4) == 1) {
    return Mapped(reinterpret_cast<const uint8_t*>(&ipv4));
  }
  AddressBytes bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::optional<AddressBytes> FromSockaddr(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    return Mapped(reinterpret_cast<const uint8_t*>(&ipv4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    AddressBytes bytes{};
    std::memcpy(bytes.data(), &ipv6.sin6_addr, bytes.size());
    return bytes;
  }
  return std::nullopt;
}

absl::StatusOr<NetworkList> NetworkList::Parse(const std::vector<std::string>& networks) {
  NetworkList list;
  for (const std::string& entry : networks) {
    const size_t slash = entry.find('/');
    const std::string address = entry.substr(0, slash);
    const auto bytes = ParseAddress(address);
    if (!bytes) return NoNetwork(entry, "not an IPv4 or IPv6 address");
    const bool is_ipv4 = address.find(':') == std::string::npos;
    const int bits_max = is_ipv4 ? 32 : 128;
    int bits = bits_max;
    if (slash != std::string::npos) {
      const char* const first = entry.data() + slash + 1;
      const char* const last = entry.data() + entry.size();
      const auto [end, error] = std::from_chars(first, last, bits);
      if (error != std::errc() || end != last || bits < 0 || bits > bits_max) {
        return NoNetwork(entry, fmt::format("the prefix must be 0 to {}", bits_max));
      }
    }
    if (is_ipv4) bits += kMappedBits;
    if (HasBitsBehind(*bytes, bits)) return NoNetwork(entry, "bits are set behind the prefix");
    list.networks_.push_back({*bytes, bits});
  }
  return list;
}

bool NetworkList::Contains(const std::string& address) const {
  const auto bytes = ParseAddress(address);
  return bytes && Contains(*bytes);
}

bool NetworkList::Contains(const AddressBytes& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return HasPrefix(address, network.bytes, network.prefix_bits);
  });
}

bool IsPublicAddress(const std::string& address) {
  const auto bytes = ParseAddress(address);
  return bytes && IsPublicAddress(*bytes);
}

bool IsPublicAddress(const AddressBytes& address) {
  static const AddressBytes mapped = *ParseAddress("::ffff:0:0");
  static const AddressBytes nat64 = *ParseAddress("64:ff9b::");     // RFC 6052
  static const AddressBytes six_to_four = *ParseAddress("2002::");  // RFC 3056
  static const AddressBytes global = *ParseAddress("2000::");
  if (HasPrefix(address, mapped, kMappedBits)) return !SpecialIpv4().Contains(address);
  if (HasPrefix(address, nat64, 96)) return IsPublicAddress(Mapped(address.data() + 12));
  if (HasPrefix(address, six_to_four, 16)) return IsPublicAddress(Mapped(address.data() + 2));
  return HasPrefix(address, global, 3) && !SpecialIpv6().Contains(address);
}

}  // namespace campaigner::base

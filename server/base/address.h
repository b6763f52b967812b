#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

struct sockaddr;

namespace campaigner::base {

// An IP address in network byte order; IPv4 as IPv4-mapped IPv6 (::ffff:a.b.c.d).
using AddressBytes = std::array<uint8_t, 16>;

// Of a textual address; nullopt for what is none.
std::optional<AddressBytes> ParseAddress(const std::string& address);
// Of a socket address; nullopt for families other than IPv4 and IPv6.
std::optional<AddressBytes> FromSockaddr(const sockaddr& address);

// IP networks in CIDR form. Immutable once parsed.
class NetworkList {
 public:
  // "10.0.0.0/8", "2001:db8::/32"; an address alone is a network of one. INVALID_ARGUMENT names the
  // entry that is no network, or has bits set behind its prefix.
  static absl::StatusOr<NetworkList> Parse(const std::vector<std::string>& networks);
  // `address`: a textual IPv4 or IPv6 address; IPv4-mapped IPv6 counts as its IPv4. False for what
  // is none.
  bool Contains(const std::string& address) const;
  bool Contains(const AddressBytes& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    AddressBytes bytes;
    int prefix_bits;
  };
  std::vector<Network> networks_;
};

// Whether an address is one of the public internet: not loopback, private, link-local, shared,
// multicast, documentation, benchmark, reserved, nor such an IPv4 inside a mapped, 6to4 or NAT64
// address. By the IANA special-purpose address registries. False for what is no address.
bool IsPublicAddress(const std::string& address);
bool IsPublicAddress(const AddressBytes& address);

}  // namespace campaigner::base

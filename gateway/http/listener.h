#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gateway/http/socket.h"

namespace campaigner::gateway::http {

// Binds and listens on "host:port", "[v6]:port"; port 0 for any free one. INVALID_ARGUMENT: not
// such an address. UNAVAILABLE: somebody else has it (two servers never share a port by accident),
// or it is not ours.
absl::StatusOr<Socket> Listen(const std::string& address);

// The port that a listening socket has.
int BoundPort(const Socket& socket);

struct Accepted {
  Socket socket;
  // Textual; IPv4-mapped IPv6 as its IPv4.
  std::string remote_address;
};

// The next connection, with TCP_NODELAY on and non-blocking. CANCELLED once the listening socket
// was shut down; any other error is one connection's, or will pass.
absl::StatusOr<Accepted> Accept(const Socket& listening);

}  // namespace campaigner::gateway::http

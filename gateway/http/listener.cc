#include "gateway/http/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gateway/limits.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway::http {
namespace {

struct AddressInfoDeleter {
  void operator()(addrinfo* info) const { freeaddrinfo(info); }
};
using AddressInfo = std::unique_ptr<addrinfo, AddressInfoDeleter>;

std::string ErrorText(int error) { return std::generic_category().message(error); }

absl::StatusOr<AddressInfo> Resolve(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(fmt::format("not host:port: {}", address));
  }
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), address.c_str() + colon + 1,
                                &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        fmt::format("no such address: {} ({})", address, gai_strerror(error)));
  }
  return AddressInfo(found);
}

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof(text));
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<Socket> Listen(const std::string& address) {
  ASSIGN_OR_RETURN(const AddressInfo info, Resolve(address));
  Socket listening(socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol));
  const int on = 1;
  // Not SO_REUSEPORT: a second gateway on the port must fail, not take half of the connections.
  setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listening.get(), info->ai_addr, info->ai_addrlen) != 0 ||
      listen(listening.get(), limits::kListenBacklog) != 0) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {}: {}", address, ErrorText(errno)));
  }
  return listening;
}

int BoundPort(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return address.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

absl::StatusOr<Accepted> Accept(const Socket& listening) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  Socket accepted(accept4(listening.get(), reinterpret_cast<sockaddr*>(&address), &length,
                          SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted.get() < 0) {
    // What accept says of a listening socket that was shut down.
    if (errno == EINVAL || errno == EBADF) return absl::CancelledError("listening has ended");
    return absl::UnavailableError(ErrorText(errno));
  }
  const int on = 1;
  setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return Accepted{std::move(accepted), AddressText(address)};
}

}  // namespace campaigner::gateway::http

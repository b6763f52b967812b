#include "tests/support/raw_http.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"

namespace campaigner::testing {
namespace {

constexpr int kWaitMs = 20'000;

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

RawResponse ParseHead(std::string_view head) {
  RawResponse response;
  response.status = std::atoi(std::string(head.substr(head.find(' ') + 1, 3)).c_str());
  size_t begin = head.find("\r\n");
  while (begin != head.npos && begin + 2 < head.size()) {
    begin += 2;
    const size_t end = head.find("\r\n", begin);
    const std::string line(head.substr(begin, end - begin));
    const size_t colon = line.find(": ");
    if (colon != line.npos) {
      response.headers[absl::AsciiStrToLower(line.substr(0, colon))] = line.substr(colon + 2);
    }
    begin = end;
  }
  return response;
}

}  // namespace

RawConnection::RawConnection(int port) : socket_(Connect(port)) {}
RawConnection::~RawConnection() { close(socket_); }

bool RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

size_t RawConnection::SendSome(std::string_view bytes, absl::Duration patience) {
  size_t sent = 0;
  pollfd waiting{.fd = socket_, .events = POLLOUT, .revents = 0};
  while (sent < bytes.size() &&
         poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) > 0) {
    const ssize_t count =
        send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) break;
    sent += static_cast<size_t>(count);
  }
  return sent;
}

bool RawConnection::ReceiveMore() {
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, kWaitMs) <= 0) return false;
  std::string buffer(bytes_at_once_, '\0');
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  received_.append(buffer, 0, static_cast<size_t>(count));
  if (pause_ > absl::ZeroDuration()) absl::SleepFor(pause_);
  return true;
}

std::optional<RawResponse> RawConnection::ReceiveSlowly(size_t bytes, absl::Duration pause) {
  bytes_at_once_ = bytes;
  pause_ = pause;
  return Receive();
}

bool RawConnection::ReceiveUntil(std::string_view text) {
  while (received_.find(text) == std::string::npos) {
    if (!ReceiveMore()) return false;
  }
  return true;
}

bool RawConnection::ReceiveBody(RawResponse& response) {
  if (response.headers["transfer-encoding"] != "chunked") {
    const size_t size = std::strtoul(response.headers["content-length"].c_str(), nullptr, 10);
    while (received_.size() < size) {
      if (!ReceiveMore()) return false;
    }
    response.body = received_.substr(0, size);
    received_.erase(0, size);
    return true;
  }
  while (true) {
    if (!ReceiveUntil("\r\n")) return false;
    const size_t size = std::strtoul(received_.c_str(), nullptr, 16);
    received_.erase(0, received_.find("\r\n") + 2);
    while (received_.size() < size + 2) {
      if (!ReceiveMore()) return false;
    }
    response.body.append(received_, 0, size);
    received_.erase(0, size + 2);
    if (size == 0) return true;
  }
}

std::optional<RawResponse> RawConnection::Receive() {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  if (!ReceiveUntil(kHeadEnd)) return std::nullopt;
  const size_t end = received_.find(kHeadEnd) + kHeadEnd.size();
  RawResponse response = ParseHead(received_.substr(0, end));
  received_.erase(0, end);
  if (response.status == 100) return response;
  if (!ReceiveBody(response)) return std::nullopt;
  return response;
}

bool RawConnection::IsClosed() {
  while (ReceiveMore()) {
  }
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) > 0;
}

std::optional<RawResponse> RawExchange(int port, std::string_view request) {
  RawConnection connection(port);
  connection.Send(request);
  return connection.Receive();
}

std::string RawRequest(std::string_view method, std::string_view target, std::string_view headers,
                       std::string_view body) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}", method,
                     target, headers, body.size(), body);
}

}  // namespace campaigner::testing

#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <optional>

namespace campaigner::testing {
namespace {

constexpr int kDripMilliseconds = 5;
constexpr std::chrono::seconds kPatience(20);

int BindLocal(uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, generic, size) != 0 || getsockname(fd, generic, &size) != 0) abort();
  *port = ntohs(address.sin_port);
  return fd;
}

std::string LocalUrl(uint16_t port, std::string_view target) {
  return fmt::format("http://127.0.0.1:{}{}", port, target);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Request line and headers, without the empty line behind them.
ScriptedRequest ParseHead(std::string_view head) {
  ScriptedRequest request;
  const std::string line(head.substr(0, head.find("\r\n")));
  const size_t space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
  while (head.find("\r\n") != std::string_view::npos) {
    head.remove_prefix(head.find("\r\n") + 2);
    const std::string header(head.substr(0, head.find("\r\n")));
    const size_t colon = header.find(':');
    if (colon == std::string::npos) continue;
    const size_t start = std::min(header.find_first_not_of(' ', colon + 1), header.size());
    request.headers[Lower(header.substr(0, colon))] = header.substr(start);
  }
  return request;
}

// The next request of a connection; `rest` carries what was read beyond it. nullopt at its end.
std::optional<ScriptedRequest> ReadRequest(int fd, std::string* rest) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  char buffer[16384];
  std::optional<ScriptedRequest> request;
  size_t body_size = 0;
  while (true) {
    if (!request) {
      const size_t end = rest->find(kHeadEnd);
      if (end != std::string::npos) {
        request = ParseHead(std::string_view(*rest).substr(0, end));
        rest->erase(0, end + kHeadEnd.size());
        const auto length = request->headers.find("content-length");
        if (length != request->headers.end()) body_size = std::stoul(length->second);
      }
    }
    if (request && rest->size() >= body_size) {
      request->body = rest->substr(0, body_size);
      rest->erase(0, body_size);
      return request;
    }
    const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    if (got <= 0) return std::nullopt;
    rest->append(buffer, static_cast<size_t>(got));
  }
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Until the peer closes; false then. True once `milliseconds` are over (-1: never).
bool WaitUntilGone(int fd, int milliseconds) {
  pollfd gone{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return poll(&gone, 1, milliseconds) == 0;
}

bool Drip(int fd, std::string_view bytes) {
  for (const char c : bytes) {
    if (!WaitUntilGone(fd, kDripMilliseconds) || !SendAll(fd, {&c, 1})) return false;
  }
  return true;
}

}  // namespace

ScriptedAnswer HttpAnswer(int status, std::string_view body,
                          const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string bytes =
      fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n", status, body.size());
  for (const auto& [name, value] : headers) bytes += fmt::format("{}: {}\r\n", name, value);
  return {.bytes = bytes + "\r\n" + std::string(body)};
}

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = BindLocal(&port_);
  if (listen(listener_, SOMAXCONN) != 0) abort();
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string ScriptedServer::Url(std::string_view target) const { return LocalUrl(port_, target); }

void ScriptedServer::SetHandler(Handler handler) {
  base::MutexLock lock(mutex_);
  handler_ = std::move(handler);
}

std::vector<ScriptedRequest> ScriptedServer::requests() const {
  base::MutexLock lock(mutex_);
  return requests_;
}

bool ScriptedServer::WaitForRequests(size_t count) {
  base::MutexLock lock(mutex_);
  return came_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
}

void ScriptedServer::Accept() {
  for (int connection = 1;; ++connection) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    {
      base::MutexLock lock(mutex_);
      open_.push_back(fd);
      if (is_stopped_) shutdown(fd, SHUT_RDWR);
    }
    threads_.emplace_back([this, fd, connection] { Serve(fd, connection); });
  }
}

void ScriptedServer::Serve(int fd, int connection) {
  std::string rest;
  auto then = ScriptedAnswer::Then::kKeep;
  while (then == ScriptedAnswer::Then::kKeep) {
    std::optional<ScriptedRequest> request = ReadRequest(fd, &rest);
    if (!request) break;
    request->connection = connection;
    const ScriptedAnswer answer = Answer(*request);
    const bool is_sent = answer.is_dripped ? Drip(fd, answer.bytes) : SendAll(fd, answer.bytes);
    if (!is_sent) break;
    then = answer.then;
  }
  if (then == ScriptedAnswer::Then::kHang) WaitUntilGone(fd, -1);
  if (then == ScriptedAnswer::Then::kReset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  base::MutexLock lock(mutex_);
  open_.remove(fd);
  close(fd);
}

ScriptedAnswer ScriptedServer::Answer(const ScriptedRequest& request) {
  Handler handler;
  {
    base::MutexLock lock(mutex_);
    requests_.push_back(request);
    came_.notify_all();
    handler = handler_;
  }
  return handler(request);
}

RefusingPort::RefusingPort() { fd_ = BindLocal(&port_); }

RefusingPort::~RefusingPort() { close(fd_); }

std::string RefusingPort::Url(std::string_view target) const { return LocalUrl(port_, target); }

}  // namespace campaigner::testing

#include "tests/support/webhook_receiver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace campaigner::testing {
namespace {

constexpr std::chrono::seconds kPatience(60);
constexpr int kEventsMax = 256;

void Watch(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  epoll_ctl(epoll, operation, fd, &event);
}

// Header lines up to the empty one.
ReceivedWebhook ParseHead(std::string_view head) {
  ReceivedWebhook webhook;
  const size_t path = head.find(' ') + 1;
  webhook.path = std::string(head.substr(path, head.find(' ', path) - path));
  size_t line = head.find("\r\n") + 2;
  while (line < head.size()) {
    const size_t end = std::min(head.find("\r\n", line), head.size());
    const std::string_view text = head.substr(line, end - line);
    const size_t colon = std::min(text.find(':'), text.size());
    std::string name(text.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string_view value = text.substr(std::min(colon + 1, text.size()));
    while (value.starts_with(' ')) value.remove_prefix(1);
    webhook.headers.emplace(std::move(name), std::string(value));
    line = end + 2;
  }
  return webhook;
}

size_t ContentLength(const ReceivedWebhook& webhook) {
  const auto it = webhook.headers.find("content-length");
  size_t length = 0;
  if (it != webhook.headers.end()) {
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), length);
  }
  return length;
}

std::string Format(const WebhookReply& reply) {
  std::string text =
      fmt::format("HTTP/1.1 {} Reply\r\nContent-Length: {}\r\n", reply.status, reply.body.size());
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n" + reply.body;
}

}  // namespace

WebhookReceiver::WebhookReceiver(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 1024) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the webhook receiver cannot listen");
  }
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  Watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
  Watch(epoll_, EPOLL_CTL_ADD, wake_, EPOLLIN);
  thread_ = std::thread([this] { Run(); });
}

WebhookReceiver::~WebhookReceiver() {
  {
    base::MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  for (const auto& [fd, connection] : connections_) close(fd);
  close(listener_);
  close(wake_);
  close(epoll_);
}

std::string WebhookReceiver::Url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void WebhookReceiver::SetHandler(Handler handler) {
  base::MutexLock lock(mutex_);
  handler_ = std::move(handler);
}

void WebhookReceiver::SetKeep(bool keep) {
  base::MutexLock lock(mutex_);
  keeps_ = keep;
}

void WebhookReceiver::Release() {
  {
    base::MutexLock lock(mutex_);
    is_released_ = true;
  }
  eventfd_write(wake_, 1);
}

std::vector<ReceivedWebhook> WebhookReceiver::Received(const std::string& path) const {
  base::MutexLock lock(mutex_);
  const auto it = received_.find(path);
  return it == received_.end() ? std::vector<ReceivedWebhook>() : it->second;
}

size_t WebhookReceiver::Count(const std::string& path) const {
  base::MutexLock lock(mutex_);
  const auto it = counts_.find(path);
  return it == counts_.end() ? 0 : it->second;
}

bool WebhookReceiver::WaitFor(const std::string& path, size_t count) {
  base::MutexLock lock(mutex_);
  return came_.wait_for(lock, kPatience, [this, &path, count] { return counts_[path] >= count; });
}

void WebhookReceiver::Run() {
  epoll_event events[kEventsMax];
  while (true) {
    const int count = epoll_wait(epoll_, events, kEventsMax, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener_) {
        Accept();
      } else if (fd == wake_) {
        eventfd_t ignored = 0;
        eventfd_read(wake_, &ignored);
        base::MutexLock lock(mutex_);
        if (is_stopping_) return;
      } else {
        Read(fd);
      }
    }
    ReleaseHeld();
  }
}

void WebhookReceiver::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connections_.emplace(fd, Connection());
    Watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

void WebhookReceiver::Read(int fd) {
  const auto it = connections_.find(fd);
  if (it == connections_.end()) return;
  char buffer[16 << 10];
  const ssize_t count = recv(fd, buffer, sizeof(buffer), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN)) return Drop(fd);
  if (count > 0) it->second.in.append(buffer, static_cast<size_t>(count));
  Serve(it->second);
  if (!Write(fd, it->second)) Drop(fd);
}

void WebhookReceiver::Serve(Connection& connection) {
  while (true) {
    const size_t head_end = connection.in.find("\r\n\r\n");
    if (head_end == std::string::npos) return;
    ReceivedWebhook webhook = ParseHead(std::string_view(connection.in).substr(0, head_end));
    const size_t body = head_end + 4;
    const size_t length = ContentLength(webhook);
    if (connection.in.size() < body + length) return;
    webhook.body = connection.in.substr(body, length);
    connection.in.erase(0, body + length);
    Reply(connection, std::move(webhook));
  }
}

void WebhookReceiver::Reply(Connection& connection, ReceivedWebhook webhook) {
  Handler handler;
  bool is_released = false;
  {
    base::MutexLock lock(mutex_);
    handler = handler_;
    is_released = is_released_;
  }
  WebhookReply reply;
  if (handler) reply = handler(webhook);
  const bool is_held = (reply.is_held && !is_released) || !connection.held.empty();
  (is_held ? connection.held : connection.out) += Format(reply);
  base::MutexLock lock(mutex_);
  ++counts_[webhook.path];
  if (keeps_) received_[webhook.path].push_back(std::move(webhook));
  came_.notify_all();
}

bool WebhookReceiver::Write(int fd, Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t count =
        send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
      connection.waits_for_room = true;
      Watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
      return true;
    }
    if (count <= 0) return false;
    connection.out.erase(0, static_cast<size_t>(count));
  }
  if (std::exchange(connection.waits_for_room, false)) {
    Watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN);
  }
  return true;
}

void WebhookReceiver::Drop(int fd) {
  connections_.erase(fd);
  close(fd);
}

void WebhookReceiver::ReleaseHeld() {
  {
    base::MutexLock lock(mutex_);
    if (!is_released_) return;
  }
  std::vector<int> broken;
  for (auto& [fd, connection] : connections_) {
    connection.out += std::exchange(connection.held, "");
    if (!Write(fd, connection)) broken.push_back(fd);
  }
  for (const int fd : broken) Drop(fd);
}

}  // namespace campaigner::testing

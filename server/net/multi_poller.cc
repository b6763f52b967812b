#include "server/net/multi_poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace campaigner::net {
namespace {

constexpr int kEventsMax = 256;

int CurlEvents(uint32_t events) {
  int mask = 0;
  if ((events & EPOLLIN) != 0) mask |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) mask |= CURL_CSELECT_ERR;
  return mask;
}

}  // namespace

MultiPoller::MultiPoller(CURLM* multi)
    : multi_(multi),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // Edge-triggered: it is never read, each write to it is an event.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = wakeup_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

MultiPoller::~MultiPoller() {
  close(wakeup_);
  close(epoll_);
}

void MultiPoller::Wake() { eventfd_write(wakeup_, 1); }

int MultiPoller::OnSocket(CURL*, curl_socket_t socket, int wanted, void* self, void* known) {
  auto* const poller = static_cast<MultiPoller*>(self);
  if (wanted == CURL_POLL_REMOVE) {
    epoll_ctl(poller->epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{.events = 0, .data = {.fd = socket}};
  if ((wanted & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((wanted & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  epoll_ctl(poller->epoll_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  // Comes back as `known`.
  if (known == nullptr) curl_multi_assign(poller->multi_, socket, poller);
  return 0;
}

int MultiPoller::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& timer = static_cast<MultiPoller*>(self)->timer_;
  timer.reset();
  if (milliseconds >= 0) {
    timer = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  }
  return 0;
}

void MultiPoller::Poll(std::chrono::milliseconds timeout) {
  int running = 0;
  if (timer_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*timer_ - std::chrono::steady_clock::now());
    timeout = std::clamp(left, std::chrono::milliseconds(0), timeout);
  }
  std::array<epoll_event, kEventsMax> events;
  const int count =
      epoll_wait(epoll_, events.data(), kEventsMax, static_cast<int>(timeout.count()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == wakeup_) continue;
    curl_multi_socket_action(multi_, event.data.fd, CurlEvents(event.events), &running);
  }
  if (timer_ && *timer_ <= std::chrono::steady_clock::now()) {
    timer_.reset();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

}  // namespace campaigner::net

#pragma once

#include <curl/curl.h>

#include <chrono>
#include <optional>

namespace campaigner::net {

// Waits for the sockets of a curl multi handle by epoll, and has libcurl act on those that are
// ready and no others: with many transfers at once, looking at each of them on every wakeup is most
// of the work. For the one thread that uses the handle, but for Wake.
class MultiPoller {
 public:
  // `multi` has no transfers yet. It is to be cleaned up before the poller goes, which it still
  // tells of the sockets that it closes.
  explicit MultiPoller(CURLM* multi);
  ~MultiPoller();
  MultiPoller(const MultiPoller&) = delete;
  MultiPoller& operator=(const MultiPoller&) = delete;

  // Waits until something is ready, libcurl's next timer is due, Wake was called, or `timeout` is
  // over, and acts on it.
  void Poll(std::chrono::milliseconds timeout);
  // Ends the present or the next Poll. From any thread.
  void Wake();

 private:
  using Time = std::chrono::steady_clock::time_point;

  static int OnSocket(CURL* easy, curl_socket_t socket, int wanted, void* self, void* known);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);

  CURLM* const multi_;
  const int epoll_;
  const int wakeup_;
  std::optional<Time> timer_;
};

}  // namespace campaigner::net

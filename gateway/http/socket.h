#pragma once

#include <unistd.h>

#include <utility>

#include "gateway/http/transport.h"

namespace campaigner::gateway::http {

// Owns a file descriptor.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Waits until the socket is ready for `events` (of poll). False at the deadline.
bool WaitFor(int socket, short events, Deadline deadline);

}  // namespace campaigner::gateway::http

#include "gateway/http/transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "gateway/http/socket.h"

namespace campaigner::gateway::http {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}

  Result Read(char* buffer, size_t size, Deadline deadline, size_t& received) override {
    while (true) {
      // Asking a socket that has just been emptied costs a system call for nothing.
      if (is_emptied_ && !WaitFor(socket_.get(), POLLIN, deadline)) return Result::kTimeout;
      const ssize_t count = recv(socket_.get(), buffer, size, 0);
      is_emptied_ = count < static_cast<ssize_t>(size);
      if (count > 0) {
        received = static_cast<size_t>(count);
        return Result::kOk;
      }
      if (count == 0) return Result::kClosed;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Result::kClosed;
    }
  }

  Result Write(std::string_view bytes, Deadline deadline) override {
    while (!bytes.empty()) {
      const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count >= 0) {
        bytes.remove_prefix(static_cast<size_t>(count));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Result::kClosed;
      if (!WaitFor(socket_.get(), POLLOUT, deadline)) return Result::kTimeout;
    }
    return Result::kOk;
  }

  void FinishWriting() override { shutdown(socket_.get(), SHUT_WR); }
  void CloseForReading() override { shutdown(socket_.get(), SHUT_RD); }
  void Abort() override { shutdown(socket_.get(), SHUT_RDWR); }
  int socket() const override { return socket_.get(); }

 private:
  const Socket socket_;
  // The last read took all that there was.
  bool is_emptied_ = true;
};

}  // namespace

Deadline DeadlineIn(absl::Duration timeout) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<Deadline::duration>(absl::ToChronoNanoseconds(timeout));
}

bool WaitFor(int socket, short events, Deadline deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{.fd = socket, .events = events, .revents = 0};
    const int count = poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

std::unique_ptr<Transport> MakePlainTransport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

}  // namespace campaigner::gateway::http

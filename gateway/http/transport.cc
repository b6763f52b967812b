#include "gateway/http/transport.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "gateway/http/socket.h"

namespace campaigner::gateway::http {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}

  void OnReadable() override { is_emptied_ = false; }

  Step TryRead(char* buffer, size_t size, size_t& received) override {
    // Asking a socket that has just been emptied costs a system call for nothing.
    if (is_emptied_) return Step::kWantRead;
    while (true) {
      const ssize_t count = recv(socket_.get(), buffer, size, 0);
      if (count > 0) {
        received = static_cast<size_t>(count);
        is_emptied_ = received < size;
        return Step::kDone;
      }
      if (count == 0) return Step::kClosed;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Step::kClosed;
      is_emptied_ = true;
      return Step::kWantRead;
    }
  }

  Step TryWrite(std::string_view bytes, size_t& sent) override {
    while (true) {
      const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count >= 0) {
        sent = static_cast<size_t>(count);
        return Step::kDone;
      }
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Step::kWantWrite : Step::kClosed;
    }
  }

  void FinishWriting() override { shutdown(socket_.get(), SHUT_WR); }
  void Abort() override { shutdown(socket_.get(), SHUT_RDWR); }
  int socket() const override { return socket_.get(); }

 private:
  const Socket socket_;
  // The last read took all that there was; what comes later is announced by OnReadable.
  bool is_emptied_ = false;
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

bool Transport::Write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    size_t sent = 0;
    const Step step = TryWrite(bytes, sent);
    if (step == Step::kClosed) return false;
    if (step == Step::kDone) {
      bytes.remove_prefix(sent);
    } else if (!WaitFor(socket(), step == Step::kWantRead ? POLLIN : POLLOUT, deadline)) {
      return false;
    }
  }
  return true;
}

std::unique_ptr<Transport> MakePlainTransport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

}  // namespace campaigner::gateway::http

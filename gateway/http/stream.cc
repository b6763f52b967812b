#include "gateway/http/stream.h"

#include <algorithm>
#include <cstring>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kReceiveBytes = 8192;

BoundedStream::Outcome ToOutcome(Transport::Result result) {
  switch (result) {
    case Transport::Result::kOk: return BoundedStream::Outcome::kOk;
    case Transport::Result::kTimeout: return BoundedStream::Outcome::kTimeout;
    case Transport::Result::kClosed: break;
  }
  return BoundedStream::Outcome::kClosed;
}

}  // namespace

BoundedStream::BoundedStream(Transport& transport, const Timeouts& timeouts,
                             std::string remote_address)
    : transport_(transport), timeouts_(timeouts), remote_address_(std::move(remote_address)) {}

BoundedStream::Outcome BoundedStream::Receive(Deadline deadline) {
  char buffer[kReceiveBytes];
  size_t count = 0;
  const Outcome outcome = ToOutcome(transport_.Read(buffer, sizeof(buffer), deadline, count));
  received_.append(buffer, count);
  return outcome;
}

BoundedStream::Outcome BoundedStream::AwaitRequest() {
  const Deadline deadline = DeadlineIn(timeouts_.idle);
  while (true) {
    // Empty lines before a request line are allowed.
    received_.erase(0, std::min(received_.find_first_not_of("\r\n"), received_.size()));
    if (!received_.empty()) return Outcome::kOk;
    const Outcome outcome = Receive(deadline);
    if (outcome != Outcome::kOk) return outcome;
  }
}

BoundedStream::Outcome BoundedStream::ReadHead() {
  const Deadline deadline = DeadlineIn(timeouts_.head);
  size_t searched = 0;
  while (true) {
    const size_t end = received_.find(kHeadEnd, searched);
    if (end != std::string::npos && end + kHeadEnd.size() <= limits::kHeadBytesMax) {
      head_.assign(received_, 0, end + kHeadEnd.size());
      received_.erase(0, head_.size());
      head_position_ = 0;
      return Outcome::kOk;
    }
    if (received_.size() > limits::kHeadBytesMax) {
      // Its first line may still tell which dialect to answer in.
      const size_t line_end = received_.find(kLineEnd);
      head_.assign(received_, 0, line_end == std::string::npos ? 0 : line_end + kLineEnd.size());
      return Outcome::kTooLarge;
    }
    searched = received_.size() - std::min(received_.size(), kHeadEnd.size() - 1);
    const Outcome outcome = Receive(deadline);
    if (outcome != Outcome::kOk) return outcome;
  }
}

BoundedStream::Outcome BoundedStream::ReadBody(size_t size, std::string& body) {
  const Deadline deadline = DeadlineIn(timeouts_.body);
  body.assign(received_, 0, size);
  received_.erase(0, body.size());
  // Grows with what really arrives: a promise of 16 MiB costs nothing until it is kept.
  while (body.size() < size) {
    const size_t begin = body.size();
    body.resize(std::min(size, std::max(begin + kReceiveBytes, begin * 2)));
    size_t count = 0;
    const Outcome outcome =
        ToOutcome(transport_.Read(body.data() + begin, body.size() - begin, deadline, count));
    body.resize(begin + count);
    if (outcome != Outcome::kOk) return outcome;
  }
  return Outcome::kOk;
}

bool BoundedStream::Flush() {
  if (!outgoing_.empty() && !is_broken_) {
    is_broken_ = transport_.Write(outgoing_, DeadlineIn(timeouts_.write)) != Transport::Result::kOk;
  }
  outgoing_.clear();
  if (outgoing_.capacity() > limits::kWriteBufferBytes) outgoing_.shrink_to_fit();
  return !is_broken_;
}

void BoundedStream::Linger(absl::Duration timeout) {
  transport_.FinishWriting();
  const Deadline deadline = DeadlineIn(timeout);
  do {
    received_.clear();
  } while (std::chrono::steady_clock::now() < deadline && Receive(deadline) == Outcome::kOk);
}

ssize_t BoundedStream::read(char* buffer, size_t size) {
  const size_t count = std::min(size, head_.size() - head_position_);
  std::memcpy(buffer, head_.data() + head_position_, count);
  head_position_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t BoundedStream::write(const char* bytes, size_t size) {
  if (is_broken_) return -1;
  if (size >= limits::kWriteBufferBytes) {
    // Large pieces go out as they are, not through a copy.
    if (!Flush()) return -1;
    is_broken_ =
        transport_.Write({bytes, size}, DeadlineIn(timeouts_.write)) != Transport::Result::kOk;
    return is_broken_ ? -1 : static_cast<ssize_t>(size);
  }
  outgoing_.append(bytes, size);
  const bool is_due = sends_at_once_ || outgoing_.size() >= limits::kWriteBufferBytes;
  return is_due && !Flush() ? -1 : static_cast<ssize_t>(size);
}

void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = remote_address_;
  port = 0;
}

// The library copies it into every request; nobody reads it.
void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace campaigner::gateway::http

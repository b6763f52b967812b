#include "client/cpp/stream_session.h"

#include <algorithm>
#include <utility>

#include "client/cpp/status.h"
#include "server/base/text.h"

namespace campaigner::client {
namespace {

// The most calls in one request, by the API; and a size far below what the server takes, so that a
// write of many never fails where each alone would pass.
constexpr int kCallsPerWriteMax = 1000;
constexpr size_t kWriteBytesMax = 8 << 20;

// What a call without an answer is told when its stream ended with `status`.
absl::Status BrokenBy(const grpc::Status& status) {
  switch (status.error_code()) {
    // Said of every call on this stream: no repeat would help.
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::UNAVAILABLE: return ToAbslStatus(status);
    case grpc::StatusCode::OK: return absl::UnavailableError("the server ended the stream");
    default:
      return absl::UnavailableError("the stream to the server broke: " + status.error_message());
  }
}

}  // namespace

std::shared_ptr<StreamSession> StreamSession::Open(v1::MessageService::Stub& stub,
                                                   const std::string& api_key,
                                                   std::shared_ptr<SessionCount> count) {
  std::shared_ptr<StreamSession> session(new StreamSession(std::move(count)));
  base::MutexLock lock(session->mutex_);
  session->self_ = session;
  if (!api_key.empty()) session->context_.AddMetadata("x-api-key", api_key);
  stub.async()->StreamMessages(&session->context_, session.get());
  session->StartRead(&session->response_);
  // Writes start outside of reactions: the hold keeps the stream for them until End.
  session->AddHold();
  session->StartCall();
  return session;
}

bool StreamSession::Send(Call&& call, size_t bytes, absl::Time now, MessageStream::Done&& done) {
  {
    base::MutexLock lock(mutex_);
    if (has_ended_) return false;
    pending_.emplace(call.call_number(), Pending{std::move(done), now});
    queue_.push_back({std::move(call), bytes});
    if (!PrepareWrite()) return true;
    // So that an End meanwhile does not let gRPC finish before the write has started.
    AddHold();
  }
  StartWrite(&request_);
  RemoveHold();
  return true;
}

bool StreamSession::PrepareWrite() {
  if (is_writing_ || has_ended_) return false;
  request_.Clear();
  size_t bytes = 0;
  while (!queue_.empty() && request_.calls_size() < kCallsPerWriteMax) {
    Queued& next = queue_.front();
    if (bytes > 0 && bytes + next.bytes > kWriteBytesMax) break;
    // Whoever gave up waiting does not want it sent any more.
    if (pending_.contains(next.call.call_number())) {
      bytes += next.bytes;
      *request_.add_calls() = std::move(next.call);
    }
    queue_.pop_front();
  }
  is_writing_ = !request_.calls().empty();
  return is_writing_;
}

void StreamSession::OnWriteDone(bool ok) {
  {
    base::MutexLock lock(mutex_);
    is_writing_ = false;
    if (!ok) return End();
    if (!PrepareWrite()) return;
  }
  StartWrite(&request_);
}

void StreamSession::OnReadDone(bool ok) {
  std::vector<std::pair<MessageStream::Done, absl::StatusOr<v1::SendMessagesResponse>>> answered;
  {
    base::MutexLock lock(mutex_);
    if (!ok) return End();
    answered.reserve(static_cast<size_t>(response_.answers_size()));
    for (auto& answer : *response_.mutable_answers()) {
      const auto it = pending_.find(answer.call_number());
      if (it == pending_.end()) continue;
      last_answer_send_time_ = std::max(last_answer_send_time_, it->second.send_time);
      MessageStream::Done done = std::move(it->second.done);
      pending_.erase(it);
      if (answer.has_response()) {
        answered.emplace_back(std::move(done), std::move(*answer.mutable_response()));
        continue;
      }
      absl::Status status = ToAbslStatus(answer.error());
      if (status.ok())
        status = absl::InternalError("the server answered neither response nor error");
      answered.emplace_back(std::move(done), std::move(status));
    }
  }
  StartRead(&response_);
  // From here on the session may be gone.
  for (auto& [done, result] : answered) done(std::move(result));
}

void StreamSession::OnDone(const grpc::Status& status) {
  std::shared_ptr<StreamSession> self;
  std::unordered_map<int64_t, Pending> unanswered;
  {
    base::MutexLock lock(mutex_);
    has_ended_ = true;
    self = std::move(self_);
    unanswered = std::move(pending_);
    queue_.clear();
  }
  const absl::Status why = BrokenBy(status);
  for (auto& [number, pending] : unanswered) pending.done(why);
}

void StreamSession::End() {
  if (has_ended_) return;
  has_ended_ = true;
  RemoveHold();
}

void StreamSession::Cancel() {
  base::MutexLock lock(mutex_);
  if (has_ended_) return;
  context_.TryCancel();
  End();
}

void StreamSession::FailSentBefore(absl::Time time) {
  std::vector<MessageStream::Done> late;
  bool is_dead = false;
  {
    base::MutexLock lock(mutex_);
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second.send_time >= time) {
        ++it;
        continue;
      }
      late.push_back(std::move(it->second.done));
      it = pending_.erase(it);
    }
    is_dead = !late.empty() && last_answer_send_time_ < time;
  }
  if (is_dead) Cancel();
  for (auto& done : late) done(absl::DeadlineExceededError("the server did not answer in time"));
}

}  // namespace campaigner::client

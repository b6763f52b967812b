#include "server/services/message_stream.h"

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"
#include "server/services/live_calls.h"
#include "server/services/send.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;
namespace errors = domain::errors;
using Call = v1::StreamMessagesRequest::Call;
using Answer = v1::StreamMessagesResponse::Answer;

constexpr char kMethod[] = "StreamMessages";
// Bytes of the answers in one frame, far below what a client takes: one large answer alone may be
// more, and then delays nobody else's.
constexpr size_t kFrameBytesMax = 8 << 20;

class MessageStream final
    : public grpc::ServerBidiReactor<v1::StreamMessagesRequest, v1::StreamMessagesResponse>,
      public LiveCall,
      public std::enable_shared_from_this<MessageStream> {
 public:
  MessageStream(const Environment& env, grpc::CallbackServerContext* context)
      : env_(env),
        is_trusted_(env.calls.authenticator().IsTrustedGateway(*context)),
        credentials_(env.calls.authenticator().ReadCredentials(*context)) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }

 private:
  // What a call weighs while it is not answered.
  struct Weight {
    size_t calls = 0;
    size_t messages = 0;
  };

  // An answer that was not written yet.
  struct Waiting {
    Answer answer;
    size_t messages = 0;
    size_t bytes = 0;
  };

  class Reply;

  // Who sends, by the credentials of the frame's last call.
  struct FrameCaller {
    std::optional<rpc::Credentials> credentials;
    absl::StatusOr<rpc::Caller> caller = errors::ApiKeyMissing();
  };

  // On the executor.
  absl::Status CheckOwnCredentials();
  void ServeFrame(const v1::StreamMessagesRequest& frame, absl::Time arrival);
  void ServeCall(const Call& call, absl::Time arrival, FrameCaller& frame_caller);
  void Authenticate(const Call& call, FrameCaller& frame_caller);

  void Accept(std::shared_ptr<v1::StreamMessagesRequest> frame) EXCLUDES(mutex_);
  void Finished(int64_t call_number, const absl::Status& status, Answer answer, size_t messages)
      EXCLUDES(mutex_);
  // Ends the stream with `status` as soon as every call that was read is answered.
  void End(absl::Status status) EXCLUDES(mutex_);

  // Does whatever can be done now: read, write, finish.
  void Advance() REQUIRES(mutex_);
  void ReadMore() REQUIRES(mutex_);
  void FillFrame() REQUIRES(mutex_);

  const Environment& env_;
  const bool is_trusted_;
  const rpc::Credentials credentials_;

  base::Mutex mutex_;
  std::shared_ptr<MessageStream> self_ GUARDED_BY(mutex_);
  std::shared_ptr<v1::StreamMessagesRequest> reading_ GUARDED_BY(mutex_);
  v1::StreamMessagesResponse writing_ GUARDED_BY(mutex_);
  Weight writing_weight_ GUARDED_BY(mutex_);
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  // Read, and not yet written as answered.
  Weight open_ GUARDED_BY(mutex_);
  // Read, and not yet answered.
  size_t unanswered_ GUARDED_BY(mutex_) = 0;
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  bool is_reading_ GUARDED_BY(mutex_) = false;
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool is_advance_posted_ GUARDED_BY(mutex_) = false;
  bool is_broken_ GUARDED_BY(mutex_) = false;
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

// The one answer to a call. Whoever drops it instead, by an exception, has failed the call.
class MessageStream::Reply {
 public:
  Reply(std::shared_ptr<MessageStream> stream, const Call& call)
      : stream_(std::move(stream)),
        call_number_(call.call_number()),
        messages_(static_cast<size_t>(call.request().messages_size())) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() {
    if (stream_ != nullptr) Finish(errors::Internal("a call was dropped"));
  }

  v1::SendMessagesResponse* response() { return answer_.mutable_response(); }

  void Finish(const absl::Status& status) {
    const auto stream = std::exchange(stream_, nullptr);
    stream->Finished(call_number_, status, std::move(answer_), messages_);
  }

 private:
  std::shared_ptr<MessageStream> stream_;
  const int64_t call_number_;
  const size_t messages_;
  Answer answer_;
};

void MessageStream::Begin() {
  auto self = shared_from_this();
  {
    base::MutexLock lock(mutex_);
    self_ = self;
  }
  if (!env_.live_calls.Add(self)) return End(errors::Draining());
  rpc::Executor::Task task = [self] {
    if (absl::Status status = self->CheckOwnCredentials(); !status.ok()) {
      return self->End(std::move(status));
    }
    base::MutexLock lock(self->mutex_);
    self->ReadMore();
  };
  if (!env_.call_executor.TryPost(std::move(task))) End(errors::Overloaded());
}

absl::Status MessageStream::CheckOwnCredentials() {
  // A gateway's calls bring their own.
  if (is_trusted_ && credentials_.api_key.empty()) return absl::OkStatus();
  return env_.calls.authenticator()
      .Check(credentials_, domain::Scope::kSend, env_.clock.Now())
      .status();
}

void MessageStream::OnReadDone(bool ok) {
  std::shared_ptr<v1::StreamMessagesRequest> frame;
  {
    base::MutexLock lock(mutex_);
    is_reading_ = false;
    frame = std::move(reading_);
  }
  if (!ok) return End(absl::OkStatus());
  if (frame->calls_size() > limits::kStreamFrameCallsMax) {
    return End(errors::InvalidField("calls", "must be at most 1,000"));
  }
  Accept(std::move(frame));
}

void MessageStream::Accept(std::shared_ptr<v1::StreamMessagesRequest> frame) {
  {
    base::MutexLock lock(mutex_);
    // Came in while the stream ended: its end is the answer to these, so they must not be served.
    if (is_finished_) return;
    unanswered_ += static_cast<size_t>(frame->calls_size());
    open_.calls += static_cast<size_t>(frame->calls_size());
    for (const Call& call : frame->calls()) {
      open_.messages += static_cast<size_t>(call.request().messages_size());
    }
    ReadMore();
  }
  const absl::Time arrival = env_.clock.Now();
  rpc::Executor::Task task = [self = shared_from_this(), frame, arrival] {
    self->ServeFrame(*frame, arrival);
  };
  if (env_.send_executor.TryPost(std::move(task))) return;
  for (const Call& call : frame->calls()) {
    Finished(call.call_number(), errors::Overloaded(), Answer(),
             static_cast<size_t>(call.request().messages_size()));
  }
}

void MessageStream::ServeFrame(const v1::StreamMessagesRequest& frame, absl::Time arrival) {
  FrameCaller frame_caller;
  for (const Call& call : frame.calls()) {
    try {
      ServeCall(call, arrival, frame_caller);
    } catch (const std::exception& exception) {
      base::LogError("call_failed", {{"method", kMethod}, {"cause", exception.what()}});
    }
  }
}

void MessageStream::ServeCall(const Call& call, absl::Time arrival, FrameCaller& frame_caller) {
  auto reply = std::make_unique<Reply>(shared_from_this(), call);
  Authenticate(call, frame_caller);
  if (!frame_caller.caller.ok()) return reply->Finish(frame_caller.caller.status());
  v1::SendMessagesResponse* response = reply->response();
  Send(env_, *frame_caller.caller, arrival, call.request(), response,
       [reply = std::move(reply)](const absl::Status& status) { reply->Finish(status); });
}

void MessageStream::Authenticate(const Call& call, FrameCaller& frame_caller) {
  rpc::Credentials credentials = credentials_;
  if (is_trusted_ && call.has_credentials()) {
    credentials.api_key = call.credentials().api_key();
    if (!call.credentials().client_address().empty()) {
      credentials.client_address = call.credentials().client_address();
    }
  }
  if (frame_caller.credentials == credentials) return;
  frame_caller.caller =
      env_.calls.authenticator().Check(credentials, domain::Scope::kSend, env_.clock.Now());
  frame_caller.credentials = std::move(credentials);
}

void MessageStream::Finished(int64_t call_number, const absl::Status& status, Answer answer,
                             size_t messages) {
  env_.calls.metrics().Count(kMethod, status.code());
  answer.set_call_number(call_number);
  if (!status.ok()) {
    rpc::LogFailedCall(kMethod, nullptr, status);
    *answer.mutable_error() = rpc::ToRpcStatus(status);
  }
  const size_t bytes = answer.ByteSizeLong();
  {
    base::MutexLock lock(mutex_);
    --unanswered_;
    waiting_.push_back({std::move(answer), messages, bytes});
    // Whoever is writing, or about to, takes it along.
    if (is_writing_ || is_advance_posted_) return;
    is_advance_posted_ = true;
  }
  // Not here: this may be the store's thread, and more answers are coming from it.
  rpc::Executor::Task task = [self = shared_from_this()] {
    base::MutexLock lock(self->mutex_);
    self->is_advance_posted_ = false;
    self->Advance();
  };
  if (!env_.send_executor.TryPost(std::move(task))) task();
}

void MessageStream::OnWriteDone(bool ok) {
  base::MutexLock lock(mutex_);
  is_writing_ = false;
  open_.calls -= writing_weight_.calls;
  open_.messages -= writing_weight_.messages;
  if (!ok) is_broken_ = true;
  ReadMore();
  Advance();
}

void MessageStream::OnCancel() {
  base::MutexLock lock(mutex_);
  is_broken_ = true;
  Advance();
}

void MessageStream::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_) end_ = std::move(status);
  Advance();
}

void MessageStream::ReadMore() {
  if (is_reading_ || is_broken_ || end_ || is_finished_) return;
  if (open_.calls >= limits::kStreamCallsMax || open_.messages >= limits::kStreamMessagesMax) {
    return;
  }
  is_reading_ = true;
  reading_ = std::make_shared<v1::StreamMessagesRequest>();
  StartRead(reading_.get());
}

void MessageStream::Advance() {
  if (is_finished_ || is_writing_) return;
  if (!is_broken_ && !waiting_.empty()) {
    FillFrame();
    is_writing_ = true;
    return StartWrite(&writing_);
  }
  if (!is_broken_ && (!end_ || unanswered_ > 0)) return;
  is_finished_ = true;
  const absl::Status status = end_.value_or(absl::CancelledError("the client went away"));
  if (!status.ok() && !is_broken_) rpc::LogFailedCall(kMethod, nullptr, status);
  Finish(rpc::ToGrpcStatus(status));
}

void MessageStream::FillFrame() {
  writing_.Clear();
  writing_weight_ = Weight();
  size_t bytes = 0;
  do {
    Waiting& next = waiting_.front();
    bytes += next.bytes;
    writing_weight_.calls += 1;
    writing_weight_.messages += next.messages;
    *writing_.add_answers() = std::move(next.answer);
    waiting_.pop_front();
  } while (!waiting_.empty() && bytes + waiting_.front().bytes <= kFrameBytesMax);
}

void MessageStream::OnDone() {
  std::shared_ptr<MessageStream> self;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
  }
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerBidiReactor<v1::StreamMessagesRequest, v1::StreamMessagesResponse>* ServeMessageStream(
    const Environment& env, grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<MessageStream>(env, context);
  stream->Begin();
  return stream.get();
}

}  // namespace campaigner::services

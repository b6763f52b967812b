#include "client/cpp/message_stream.h"

#include <condition_variable>
#include <string>
#include <utility>

#include "client/cpp/stream_session.h"
#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::client {
namespace {

// Room for the frame around a call.
constexpr size_t kRequestBytesMax = base::limits::kGrpcRequestBytesMax - 1024;

bool IsUtf8(const v1::NewMessage& message) {
  for (const auto& [name, value] : message.fields()) {
    if (!base::IsValidUtf8(name) || !base::IsValidUtf8(value)) return false;
  }
  return base::IsValidUtf8(message.recipient()) && base::IsValidUtf8(message.text()) &&
         base::IsValidUtf8(message.external_id());
}

// The server cannot even parse a request with a string that is not UTF-8: one caller's would end
// the stream of all.
absl::Status CheckSendable(const v1::StreamMessagesRequest::Call& call, size_t bytes) {
  if (bytes > kRequestBytesMax) return absl::ResourceExhaustedError("the request is too large");
  bool is_utf8 = base::IsValidUtf8(call.request().request_id()) &&
                 base::IsValidUtf8(call.credentials().api_key()) &&
                 base::IsValidUtf8(call.credentials().client_address());
  for (const auto& message : call.request().messages()) is_utf8 = is_utf8 && IsUtf8(message);
  if (!is_utf8) return absl::InvalidArgumentError("the request holds text that is not UTF-8");
  return absl::OkStatus();
}

}  // namespace

class MessageStream::InFlight {
 public:
  bool TryAdd(size_t bytes, const MessageStreamOptions& options) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (calls_ >= options.calls_in_flight_max) return false;
    if (calls_ > 0 && bytes_ + bytes > options.bytes_in_flight_max) return false;
    calls_ += 1;
    bytes_ += bytes;
    return true;
  }
  void Remove(size_t bytes) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    bytes_ -= bytes;
    if (--calls_ == 0) none_left_.notify_all();
  }
  void WaitForNone() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    none_left_.wait(lock, [this] { return calls_ == 0; });
  }
  size_t calls() const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return calls_;
  }

 private:
  mutable base::Mutex mutex_;
  std::condition_variable_any none_left_;
  size_t calls_ GUARDED_BY(mutex_) = 0;
  size_t bytes_ GUARDED_BY(mutex_) = 0;
};

MessageStream::MessageStream(std::shared_ptr<grpc::Channel> channel, MessageStreamOptions options)
    : options_(std::move(options)),
      stub_(v1::MessageService::NewStub(std::move(channel))),
      in_flight_(std::make_shared<InFlight>()),
      sessions_(std::make_shared<SessionCount>()),
      sweeper_([this] { Sweep(); }) {}

MessageStream::~MessageStream() {
  Close();
  sweeper_.join();
  in_flight_->WaitForNone();
  // The stub, and with it the channel, goes last and on this thread.
  sessions_->WaitForNone();
}

void MessageStream::Send(v1::SendMessagesRequest request, Done done) {
  v1::StreamMessagesRequest::Call call;
  *call.mutable_request() = std::move(request);
  Enqueue(std::move(call), std::move(done));
}

void MessageStream::Send(v1::SendMessagesRequest request, v1::Credentials credentials, Done done) {
  v1::StreamMessagesRequest::Call call;
  *call.mutable_request() = std::move(request);
  *call.mutable_credentials() = std::move(credentials);
  Enqueue(std::move(call), std::move(done));
}

void MessageStream::Enqueue(v1::StreamMessagesRequest::Call call, Done done) {
  call.set_call_number(next_call_number_.fetch_add(1, std::memory_order_relaxed));
  const size_t bytes = call.ByteSizeLong();
  if (absl::Status status = CheckSendable(call, bytes); !status.ok()) return done(status);
  if (!in_flight_->TryAdd(bytes, options_)) {
    return done(absl::ResourceExhaustedError("too many calls are waiting for the server"));
  }
  Done counted = [in_flight = in_flight_, bytes,
                  done = std::move(done)](absl::StatusOr<v1::SendMessagesResponse> result) mutable {
    done(std::move(result));
    in_flight->Remove(bytes);
  };
  // A session that has just ended is replaced once; one that ends at once means that the server is
  // away.
  for (int i = 0; i < 2; ++i) {
    const std::shared_ptr<StreamSession> session = CurrentSession();
    if (!session) break;
    if (session->Send(std::move(call), bytes, clock_.Now(), std::move(counted))) return;
    Forget(session);
  }
  counted(absl::UnavailableError("there is no stream to the server"));
}

std::shared_ptr<StreamSession> MessageStream::CurrentSession() {
  base::MutexLock lock(mutex_);
  if (is_closed_) return nullptr;
  if (!session_) session_ = StreamSession::Open(*stub_, options_.api_key, sessions_);
  return session_;
}

void MessageStream::Forget(const std::shared_ptr<StreamSession>& session) {
  base::MutexLock lock(mutex_);
  if (session_ == session) session_.reset();
}

void MessageStream::Sweep() {
  while (true) {
    clock_.SleepUntil(sweeper_signal_, clock_.Now() + options_.call_timeout / 2);
    std::shared_ptr<StreamSession> session;
    {
      base::MutexLock lock(mutex_);
      if (is_closed_) return;
      session = session_;
    }
    if (session) session->FailSentBefore(clock_.Now() - options_.call_timeout);
  }
}

void MessageStream::Close() {
  std::shared_ptr<StreamSession> session;
  {
    base::MutexLock lock(mutex_);
    is_closed_ = true;
    session = std::move(session_);
  }
  sweeper_signal_.Notify();
  if (session) session->Cancel();
}

size_t MessageStream::calls_in_flight() const { return in_flight_->calls(); }

}  // namespace campaigner::client

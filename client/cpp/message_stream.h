#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "client/cpp/options.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"

namespace campaigner::client {

class SessionCount;
class StreamSession;

// Sends of many callers, merged onto one long-lived stream to the server: while a write is under
// way the next one gathers, so that a thousand calls cost little more than one. Thread-safe.
//
// The stream opens with the first call and again with the first call after a break. A break fails
// every call that is not answered with UNAVAILABLE: those may have been stored or not, so send
// again under the same request_id. While the server is away, calls fail at once.
class MessageStream {
 public:
  // Called exactly once per Send, mostly on a gRPC thread, never under a lock: must not block.
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::SendMessagesResponse>)>;

  MessageStream(std::shared_ptr<grpc::Channel> channel, MessageStreamOptions options);
  // Closes, and waits until the last Done was called.
  ~MessageStream();
  MessageStream(const MessageStream&) = delete;
  MessageStream& operator=(const MessageStream&) = delete;

  // Errors, besides those of SendMessages: UNAVAILABLE (stream broken or closed, server away),
  // RESOURCE_EXHAUSTED (too much in flight here, or one request too large to send),
  // DEADLINE_EXCEEDED (options.call_timeout).
  void Send(v1::SendMessagesRequest request, Done done);
  // On behalf of somebody else: for a gateway that the server trusts.
  void Send(v1::SendMessagesRequest request, v1::Credentials credentials, Done done);

  // Ends the stream; calls that are not answered fail with UNAVAILABLE. May be called twice.
  void Close();

  // Calls that wait or are under way.
  size_t calls_in_flight() const;

 private:
  // What waits or is under way, shared with the Done of every call.
  class InFlight;

  void Enqueue(v1::StreamMessagesRequest::Call call, Done done);
  std::shared_ptr<StreamSession> CurrentSession() EXCLUDES(mutex_);
  void Forget(const std::shared_ptr<StreamSession>& session) EXCLUDES(mutex_);
  // Fails calls past their time, now and then.
  void Sweep();

  const MessageStreamOptions options_;
  const std::unique_ptr<v1::MessageService::Stub> stub_;
  const std::shared_ptr<InFlight> in_flight_;
  const std::shared_ptr<SessionCount> sessions_;
  std::atomic<int64_t> next_call_number_ = 1;
  base::SystemClock clock_;
  base::WakeSignal sweeper_signal_;
  mutable base::Mutex mutex_;
  std::shared_ptr<StreamSession> session_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
  std::thread sweeper_;
};

}  // namespace campaigner::client

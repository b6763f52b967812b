#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "client/cpp/message_stream.h"
#include "server/base/thread_annotations.h"

namespace campaigner::client {

// Counts sessions that still live. The last one to hold a gRPC channel must not end on one of
// gRPC's callback threads, which would then have to wait for itself: so whoever opens sessions
// keeps the channel and waits here before it lets go of it. Thread-safe.
class SessionCount {
 public:
  void Add() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++sessions_;
  }
  void Remove() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (--sessions_ == 0) none_left_.notify_all();
  }
  void WaitForNone() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    none_left_.wait(lock, [this]() REQUIRES(mutex_) { return sessions_ == 0; });
  }

 private:
  base::Mutex mutex_;
  std::condition_variable_any none_left_;
  int sessions_ GUARDED_BY(mutex_) = 0;
};

// One StreamMessages stream from its opening to its end; MessageStream opens them one after
// another. Thread-safe. Lives until gRPC is done with it, whoever else still holds it.
class StreamSession final
    : public grpc::ClientBidiReactor<v1::StreamMessagesRequest, v1::StreamMessagesResponse> {
 public:
  using Call = v1::StreamMessagesRequest::Call;

  static std::shared_ptr<StreamSession> Open(v1::MessageService::Stub& stub,
                                             const std::string& api_key,
                                             std::shared_ptr<SessionCount> count);

  // False once the stream has ended: `call` and `done` are then untouched. Otherwise `done` is
  // called exactly once: with the answer, or with why the stream ended.
  bool Send(Call&& call, size_t bytes, absl::Time now, MessageStream::Done&& done) EXCLUDES(mutex_);

  // Calls sent before `time` fail with DEADLINE_EXCEEDED. If nothing was answered since then
  // either, the stream is taken for dead and cancelled.
  void FailSentBefore(absl::Time time) EXCLUDES(mutex_);

  void Cancel() EXCLUDES(mutex_);

  void OnReadDone(bool ok) override EXCLUDES(mutex_);
  void OnWriteDone(bool ok) override EXCLUDES(mutex_);
  void OnDone(const grpc::Status& status) override EXCLUDES(mutex_);

 private:
  struct Queued {
    Call call;
    size_t bytes = 0;
  };
  struct Pending {
    MessageStream::Done done;
    absl::Time send_time;
  };

  // A session's place in the count.
  class Place {
   public:
    explicit Place(std::shared_ptr<SessionCount> count) : count_(std::move(count)) {
      count_->Add();
    }
    ~Place() { count_->Remove(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    const std::shared_ptr<SessionCount> count_;
  };

  explicit StreamSession(std::shared_ptr<SessionCount> count) : place_(std::move(count)) {}
  // Puts what waits into request_. True if it is now to be written, which the caller does without
  // the lock: gRPC serializes and sends inside of StartWrite, and other callers would wait for it.
  bool PrepareWrite() REQUIRES(mutex_);
  // Nothing is written from now on; gRPC may call OnDone once its own operations are over.
  void End() REQUIRES(mutex_);

  // Before the context, so that it is left after the context let go of the channel.
  const Place place_;
  grpc::ClientContext context_;
  // Owned by gRPC while a write or read is under way.
  v1::StreamMessagesRequest request_;
  v1::StreamMessagesResponse response_;

  base::Mutex mutex_;
  std::shared_ptr<StreamSession> self_ GUARDED_BY(mutex_);
  std::deque<Queued> queue_ GUARDED_BY(mutex_);
  std::unordered_map<int64_t, Pending> pending_ GUARDED_BY(mutex_);
  absl::Time last_answer_send_time_ GUARDED_BY(mutex_) = absl::InfinitePast();
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool has_ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace campaigner::client

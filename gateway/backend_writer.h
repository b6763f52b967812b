#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway {

// One RPC with a stream of requests and one answer, of any type. Never blocks: requests wait here
// until the server takes them, and their bytes are bounded by a caller who does as Write says.
// Without deadline: the caller cancels it. Thread-safe. Lives until gRPC is done with it, whoever
// else still holds it.
class BackendWriter final : private grpc::ClientBidiReactor<google::protobuf::MessageLite,
                                                            google::protobuf::MessageLite> {
 public:
  using Stub =
      grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite>;
  // Requests that were too many have become fewer. On a thread of gRPC, never after Done.
  using OnRoom = std::function<void()>;
  // Called once, on a thread of gRPC, when the server has answered (which may be before the last
  // request) or the call broke.
  using Done = absl::AnyInvocable<void(absl::Status)>;

  // `response` must live until `done`.
  static std::shared_ptr<BackendWriter> Open(Stub& stub, const std::string& method,
                                             const v1::Credentials& credentials,
                                             size_t waiting_bytes_max,
                                             google::protobuf::Message& response, OnRoom on_room,
                                             Done done);

  // False: no more before OnRoom. After the end of the call, drops it.
  bool Write(std::unique_ptr<google::protobuf::Message> request) EXCLUDES(mutex_);
  // No request follows.
  void Finish() EXCLUDES(mutex_);
  // Done comes soon, with an error unless the server was quicker.
  void Cancel() EXCLUDES(mutex_);

 private:
  struct Waiting {
    std::unique_ptr<google::protobuf::Message> request;
    size_t bytes = 0;
  };
  enum class Step { kNone, kWrite, kWritesDone };

  BackendWriter(size_t waiting_bytes_max, OnRoom on_room, Done done);
  void OnWriteDone(bool ok) override EXCLUDES(mutex_);
  void OnReadDone(bool ok) override EXCLUDES(mutex_);
  void OnDone(const grpc::Status& status) override EXCLUDES(mutex_);

  // What is to be started next, without the lock; written_ is then in gRPC's hands.
  Step NextStep() REQUIRES(mutex_);
  // Takes it as begun outside of a reaction: a hold keeps the call for it.
  Step NextHeldStep() REQUIRES(mutex_);
  void Start(Step step);
  void StartHeld(Step step);
  void End() REQUIRES(mutex_);

  const size_t waiting_bytes_max_;
  const OnRoom on_room_;
  Done done_;
  Waiting written_;

  base::Mutex mutex_;
  std::shared_ptr<BackendWriter> self_ GUARDED_BY(mutex_);
  // Holds the channel; gone before `done_` is called.
  std::unique_ptr<grpc::ClientContext> context_ GUARDED_BY(mutex_);
  std::deque<Waiting> queue_ GUARDED_BY(mutex_);
  size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  // Write said so, and OnRoom is due.
  bool is_full_ GUARDED_BY(mutex_) = false;
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool is_finishing_ GUARDED_BY(mutex_) = false;
  bool has_response_ GUARDED_BY(mutex_) = false;
  // Nothing is written from now on.
  bool has_ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace campaigner::gateway

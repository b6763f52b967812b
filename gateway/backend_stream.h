#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"

namespace campaigner::gateway {

// The key and address of a call's caller, as metadata.
void AddCredentials(const v1::Credentials& credentials, grpc::ClientContext& context);

// One streaming RPC of any type, step by step. For one thread. Without deadline: it ends when the
// server ends it, when it is destroyed, or within a second of the backend's Stop.
class BackendStream {
 public:
  using Stub =
      grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite>;
  // The next request to write; nullptr after the last. What it answers must live until the next
  // call.
  using NextRequest = std::function<const google::protobuf::Message*()>;

  enum class Event { kMessage, kPulse, kEnd };

  BackendStream(Stub& stub, const std::string& method, const v1::Credentials& credentials,
                NextRequest next_request, std::shared_ptr<const std::atomic<bool>> is_stopped);
  // Cancels what is not over.
  ~BackendStream();
  BackendStream(const BackendStream&) = delete;
  BackendStream& operator=(const BackendStream&) = delete;

  // Waits for the next message, which `response` then holds, or the end. kPulse: nothing happened
  // for a second. `response` is the same in all calls.
  Event Next(google::protobuf::Message& response);
  // The backend was stopped: what has no end of its own is to end now.
  bool is_stopped() const { return *is_stopped_; }
  // Why it ended. After kEnd.
  const absl::Status& status() const { return status_; }

 private:
  void WriteNext();
  void Read(google::protobuf::Message& response);
  // Handles one event of the queue. True if Next is to return `event`.
  bool Handle(void* tag, bool ok, google::protobuf::Message& response, Event& event);

  const NextRequest next_request_;
  const std::shared_ptr<const std::atomic<bool>> is_stopped_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<google::protobuf::MessageLite, google::protobuf::MessageLite>>
      call_;
  bool is_reading_ = false;
  bool has_started_ = false;
  bool has_ended_ = false;
  grpc::Status wire_status_;
  absl::Status status_;
};

}  // namespace campaigner::gateway

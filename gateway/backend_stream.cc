#include "gateway/backend_stream.h"

#include <google/protobuf/empty.pb.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <utility>

#include "client/cpp/status.h"
#include "gateway/errors.h"

namespace campaigner::gateway {
namespace {

constexpr std::chrono::seconds kPulse(1);

// What an event of the queue is about.
char kStarted;
char kWritten;
char kRead;
char kFinished;

}  // namespace

void AddCredentials(const v1::Credentials& credentials, grpc::ClientContext& context) {
  if (!credentials.api_key().empty()) context.AddMetadata("x-api-key", credentials.api_key());
  context.AddMetadata("x-client-address", credentials.client_address());
}

BackendStream::BackendStream(Stub& stub, const std::string& method,
                             const v1::Credentials& credentials, NextRequest next_request,
                             std::shared_ptr<const std::atomic<bool>> is_stopped)
    : next_request_(std::move(next_request)), is_stopped_(std::move(is_stopped)) {
  AddCredentials(credentials, context_);
  call_ = stub.PrepareCall(&context_, method, &queue_);
  call_->StartCall(&kStarted);
}

BackendStream::~BackendStream() {
  context_.TryCancel();
  google::protobuf::Empty dropped;
  while (Next(dropped) != Event::kEnd) {
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

BackendStream::Event BackendStream::Next(google::protobuf::Message& response) {
  Event event = Event::kEnd;
  if (has_ended_) return event;
  if (has_started_ && !is_reading_) Read(response);
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + kPulse) ==
        grpc::CompletionQueue::TIMEOUT) {
      if (*is_stopped_) context_.TryCancel();
      return Event::kPulse;
    }
    if (Handle(tag, ok, response, event)) return event;
  }
}

bool BackendStream::Handle(void* tag, bool ok, google::protobuf::Message& response, Event& event) {
  if (tag == &kStarted && ok) {
    has_started_ = true;
    WriteNext();
    Read(response);
  } else if (tag == &kWritten && ok) {
    WriteNext();
  } else if (tag == &kRead && ok) {
    is_reading_ = false;
    event = Event::kMessage;
    return true;
  } else if (tag == &kRead || tag == &kStarted) {
    call_->Finish(&wire_status_, &kFinished);
  } else if (tag == &kFinished) {
    has_ended_ = true;
    status_ = WithoutAddresses(client::ToAbslStatus(wire_status_));
    event = Event::kEnd;
    return true;
  }
  return false;
}

void BackendStream::Read(google::protobuf::Message& response) {
  is_reading_ = true;
  call_->Read(&response, &kRead);
}

void BackendStream::WriteNext() {
  if (const google::protobuf::Message* request = next_request_()) {
    call_->Write(*request, &kWritten);
    return;
  }
  // Its event is no success of a write: nothing follows it.
  call_->WritesDone(nullptr);
}

}  // namespace campaigner::gateway

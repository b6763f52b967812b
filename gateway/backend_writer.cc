#include "gateway/backend_writer.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/stub_options.h>

#include <utility>

#include "client/cpp/status.h"
#include "gateway/backend_stream.h"
#include "gateway/errors.h"

namespace campaigner::gateway {

using google::protobuf::Message;

std::shared_ptr<BackendWriter> BackendWriter::Open(Stub& stub, const std::string& method,
                                                   const v1::Credentials& credentials,
                                                   size_t waiting_bytes_max, Message& response,
                                                   OnRoom on_room, Done done) {
  std::shared_ptr<BackendWriter> writer(
      new BackendWriter(waiting_bytes_max, std::move(on_room), std::move(done)));
  base::MutexLock lock(writer->mutex_);
  writer->self_ = writer;
  writer->context_ = std::make_unique<grpc::ClientContext>();
  AddCredentials(credentials, *writer->context_);
  stub.PrepareBidiStreamingCall(writer->context_.get(), method, grpc::StubOptions(), writer.get());
  writer->StartRead(&response);
  // Requests come outside of reactions: the hold keeps the call for them until End.
  writer->AddHold();
  writer->StartCall();
  return writer;
}

BackendWriter::BackendWriter(size_t waiting_bytes_max, OnRoom on_room, Done done)
    : waiting_bytes_max_(waiting_bytes_max), on_room_(std::move(on_room)), done_(std::move(done)) {}

bool BackendWriter::Write(std::unique_ptr<Message> request) {
  bool has_room = true;
  Step step = Step::kNone;
  {
    base::MutexLock lock(mutex_);
    if (has_ended_) return true;
    const size_t bytes = request->ByteSizeLong();
    waiting_bytes_ += bytes;
    is_full_ = waiting_bytes_ >= waiting_bytes_max_;
    has_room = !is_full_;
    queue_.push_back({std::move(request), bytes});
    step = NextHeldStep();
  }
  StartHeld(step);
  return has_room;
}

void BackendWriter::Finish() {
  Step step = Step::kNone;
  {
    base::MutexLock lock(mutex_);
    is_finishing_ = true;
    step = NextHeldStep();
  }
  StartHeld(step);
}

void BackendWriter::Cancel() {
  base::MutexLock lock(mutex_);
  if (has_ended_) return;
  context_->TryCancel();
  End();
}

BackendWriter::Step BackendWriter::NextStep() {
  if (is_writing_ || has_ended_) return Step::kNone;
  if (!queue_.empty()) {
    is_writing_ = true;
    written_ = std::move(queue_.front());
    queue_.pop_front();
    return Step::kWrite;
  }
  // Said once: nothing is written after it.
  is_writing_ = is_finishing_;
  return is_finishing_ ? Step::kWritesDone : Step::kNone;
}

BackendWriter::Step BackendWriter::NextHeldStep() {
  const Step step = NextStep();
  // So that an End meanwhile does not let gRPC finish before the step has started.
  if (step != Step::kNone) AddHold();
  return step;
}

void BackendWriter::Start(Step step) {
  if (step == Step::kWrite) StartWrite(written_.request.get());
  if (step == Step::kWritesDone) StartWritesDone();
}

void BackendWriter::StartHeld(Step step) {
  if (step == Step::kNone) return;
  Start(step);
  RemoveHold();
}

void BackendWriter::OnWriteDone(bool ok) {
  Step step = Step::kNone;
  bool has_room = false;
  {
    base::MutexLock lock(mutex_);
    // Otherwise the call is over: what the server says of it is being read.
    if (!ok) return;
    is_writing_ = false;
    waiting_bytes_ -= written_.bytes;
    written_ = {};
    has_room = is_full_ && waiting_bytes_ < waiting_bytes_max_ && !has_ended_;
    if (has_room) is_full_ = false;
    step = NextStep();
  }
  Start(step);
  if (has_room) on_room_();
}

// The one answer, or that there is none. What is still to be written then interests nobody.
void BackendWriter::OnReadDone(bool ok) {
  base::MutexLock lock(mutex_);
  has_response_ = ok;
  End();
}

void BackendWriter::OnDone(const grpc::Status& status) {
  std::shared_ptr<BackendWriter> self;
  std::unique_ptr<grpc::ClientContext> context;
  absl::Status result = WithoutAddresses(client::ToAbslStatus(status));
  {
    base::MutexLock lock(mutex_);
    has_ended_ = true;
    self = std::move(self_);
    context = std::move(context_);
    queue_.clear();
    if (result.ok() && !has_response_) result = absl::InternalError("the server answered nothing");
  }
  // It holds the channel, and must not be the last to do so once the caller goes on.
  context.reset();
  done_(std::move(result));
}

void BackendWriter::End() {
  if (has_ended_) return;
  has_ended_ = true;
  RemoveHold();
}

}  // namespace campaigner::gateway

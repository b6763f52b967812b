#include "server/services/upload_stream.h"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"
#include "server/services/convert/operation.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;
namespace errors = domain::errors;

constexpr char kMethod[] = "UploadFile";

class UploadStream final : public grpc::ServerReadReactor<v1::FileChunk>,
                           public LiveCall,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  UploadStream(const Environment& env, grpc::CallbackServerContext* context, v1::Upload* response)
      : env_(env),
        credentials_(env.calls.authenticator().ReadCredentials(*context)),
        response_(response) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnReadDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the client went away")); }
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }
  void Recheck() override;
  void EndIfStalled(absl::Time now) override EXCLUDES(mutex_);

 private:
  using Work = absl::Status (UploadStream::*)();

  // On the executor, one at a time.
  absl::Status Open();
  absl::Status TakeChunk();
  absl::Status Complete();

  // Runs `work` on the executor, then reads on, unless the stream has ended.
  void Post(Work work);
  void Perform(Work work);
  void End(absl::Status status) EXCLUDES(mutex_);
  // Finishes as soon as nothing is under way, and throws away what was not kept.
  void FinishIfIdle() REQUIRES(mutex_);
  void DiscardFile() REQUIRES(mutex_);

  const Environment& env_;
  const rpc::Credentials credentials_;
  v1::Upload* const response_;
  // Of the executor's task, of which there is one at a time, or of the read; of whoever ends the
  // stream where there is neither.
  int64_t account_id_ = 0;
  std::unique_ptr<imports::ArrivingFile> file_;
  v1::FileChunk chunk_;

  base::Mutex mutex_;
  std::shared_ptr<UploadStream> self_ GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  bool is_working_ GUARDED_BY(mutex_) = true;
  // Since when the client is waited for.
  absl::Time waits_since_ GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

void UploadStream::Begin() {
  auto self = shared_from_this();
  {
    base::MutexLock lock(mutex_);
    self_ = self;
  }
  if (!env_.live_calls.Add(self)) End(errors::Draining());
  Post(&UploadStream::Open);
}

void UploadStream::Post(Work work) {
  rpc::Executor::Task task = [self = shared_from_this(), work] { self->Perform(work); };
  if (env_.call_executor.TryPost(std::move(task))) return;
  base::MutexLock lock(mutex_);
  is_working_ = false;
  if (!end_) end_ = errors::Overloaded();
  FinishIfIdle();
}

void UploadStream::Perform(Work work) {
  absl::Status status;
  try {
    status = (this->*work)();
  } catch (const std::exception& exception) {
    status = errors::Internal(exception.what());
  }
  base::MutexLock lock(mutex_);
  is_working_ = false;
  const bool is_over = !status.ok() || work == &UploadStream::Complete;
  if (!end_ && is_over) end_ = std::move(status);
  // What was not kept goes here, on this thread.
  if (end_) file_.reset();
  FinishIfIdle();
  if (end_) return;
  waits_since_ = env_.clock.Now();
  StartRead(&chunk_);
}

absl::Status UploadStream::Open() {
  ASSIGN_OR_RETURN(
      const rpc::Caller caller,
      env_.calls.authenticator().Check(credentials_, domain::Scope::kManage, env_.clock.Now()));
  account_id_ = caller.account_id();
  return absl::OkStatus();
}

void UploadStream::Recheck() {
  absl::Status status =
      env_.calls.authenticator().Recheck(credentials_, domain::Scope::kManage, env_.clock.Now());
  if (!status.ok()) End(std::move(status));
}

void UploadStream::OnReadDone(bool ok) {
  {
    base::MutexLock lock(mutex_);
    if (end_) return FinishIfIdle();
    is_working_ = true;
  }
  Post(ok ? &UploadStream::TakeChunk : &UploadStream::Complete);
}

absl::Status UploadStream::TakeChunk() {
  if (chunk_.data().size() > limits::kFileChunkBytesMax) {
    return errors::InvalidField("data", "must have at most 4 MiB: send more pieces");
  }
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(const std::string name, FileNameFromProto(chunk_.file_name()));
    ASSIGN_OR_RETURN(file_, env_.uploads.Begin(account_id_, name));
  }
  return file_->Append(chunk_.data());
}

absl::Status UploadStream::Complete() {
  if (file_ == nullptr) return errors::InvalidField("file_name", "is required");
  ASSIGN_OR_RETURN(const domain::Upload upload, file_->Finish());
  UploadToProto(upload, response_);
  return absl::OkStatus();
}

void UploadStream::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_) end_ = std::move(status);
  FinishIfIdle();
}

void UploadStream::EndIfStalled(absl::Time now) {
  {
    base::MutexLock lock(mutex_);
    if (is_working_ || now - waits_since_ < limits::kUploadStallMax) return;
  }
  End(errors::UploadStalled());
}

// Its place and bytes are for others at once: a client that is gone may keep the call for long. Not
// on this thread, which may be gRPC's.
void UploadStream::DiscardFile() {
  if (file_ == nullptr) return;
  auto file = std::make_shared<std::unique_ptr<imports::ArrivingFile>>(std::move(file_));
  rpc::Executor::Task task = [file] { file->reset(); };
  if (!env_.call_executor.TryPost(std::move(task))) env_.uploads.DiscardLater(std::move(*file));
}

void UploadStream::FinishIfIdle() {
  if (is_finished_ || is_working_ || !end_) return;
  is_finished_ = true;
  DiscardFile();
  env_.calls.metrics().Count(kMethod, end_->code());
  if (!end_->ok() && !absl::IsCancelled(*end_)) rpc::LogFailedCall(kMethod, nullptr, *end_);
  Finish(rpc::ToGrpcStatus(*end_));
}

void UploadStream::OnDone() {
  std::shared_ptr<UploadStream> self;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
  }
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerReadReactor<v1::FileChunk>* ServeUpload(const Environment& env,
                                                    grpc::CallbackServerContext* context,
                                                    v1::Upload* response) {
  auto upload = std::make_shared<UploadStream>(env, context, response);
  upload->Begin();
  return upload.get();
}

}  // namespace campaigner::services

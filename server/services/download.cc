#include "server/services/download.h"

#include <exception>
#include <optional>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"

namespace campaigner::services {
namespace {

namespace errors = domain::errors;

class Download final : public grpc::ServerWriteReactor<v1::FileChunk>,
                       public LiveCall,
                       public std::enable_shared_from_this<Download> {
 public:
  Download(const Environment& env, const char* method, domain::Scope scope,
           grpc::CallbackServerContext* context, OpenFileSource open)
      : env_(env),
        method_(method),
        scope_(scope),
        credentials_(env.calls.authenticator().ReadCredentials(*context)),
        open_(std::move(open)) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the client went away")); }
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }
  void Recheck() override;

 private:
  // On the executor.
  void Continue();
  absl::Status MakeChunk();
  absl::Status Open();

  void PostContinue();
  void End(absl::Status status) EXCLUDES(mutex_);
  // Finishes as soon as nothing is under way.
  void FinishIfIdle() REQUIRES(mutex_);

  const Environment& env_;
  const char* const method_;
  const domain::Scope scope_;
  const rpc::Credentials credentials_;
  OpenFileSource open_;
  // Of the executor's task, of which there is one at a time; then of the write.
  std::unique_ptr<FileSource> source_;
  v1::FileChunk chunk_;
  bool has_chunk_ = false;
  bool is_whole_ = false;

  base::Mutex mutex_;
  std::shared_ptr<Download> self_ GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  // A task or a write is under way.
  bool is_busy_ GUARDED_BY(mutex_) = true;
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

void Download::Begin() {
  auto self = shared_from_this();
  {
    base::MutexLock lock(mutex_);
    self_ = self;
  }
  if (!env_.live_calls.Add(self)) End(errors::Draining());
  PostContinue();
}

void Download::PostContinue() {
  rpc::Executor::Task task = [self = shared_from_this()] { self->Continue(); };
  if (env_.call_executor.TryPost(std::move(task))) return;
  base::MutexLock lock(mutex_);
  is_busy_ = false;
  if (!end_) end_ = errors::Overloaded();
  FinishIfIdle();
}

absl::Status Download::Open() {
  const absl::Time now = env_.clock.Now();
  ASSIGN_OR_RETURN(rpc::Caller caller, env_.calls.authenticator().Check(credentials_, scope_, now));
  ASSIGN_OR_RETURN(source_, open_({.env = env_, .caller = std::move(caller), .arrival = now}));
  chunk_.set_content_type(source_->content_type());
  chunk_.set_file_name(source_->file_name());
  return absl::OkStatus();
}

absl::Status Download::MakeChunk() {
  const bool is_first = source_ == nullptr;
  chunk_.Clear();
  if (is_first) RETURN_IF_ERROR(Open());
  ASSIGN_OR_RETURN(std::optional<std::string> piece, source_->Next());
  is_whole_ = !piece.has_value();
  if (piece) *chunk_.mutable_data() = *std::move(piece);
  // The first says what the file is, also where nothing is in it yet.
  has_chunk_ = is_first || !chunk_.data().empty();
  return absl::OkStatus();
}

void Download::Continue() {
  absl::Status status;
  {
    base::MutexLock lock(mutex_);
    if (end_) {
      is_busy_ = false;
      return FinishIfIdle();
    }
  }
  try {
    status = MakeChunk();
  } catch (const std::exception& exception) {
    status = errors::Internal(exception.what());
  }
  {
    base::MutexLock lock(mutex_);
    if (!end_ && (!status.ok() || is_whole_)) end_ = std::move(status);
    if (end_) {
      is_busy_ = false;
      return FinishIfIdle();
    }
    if (has_chunk_) return StartWrite(&chunk_);
  }
  PostContinue();
}

void Download::OnWriteDone(bool ok) {
  if (!ok) {
    base::MutexLock lock(mutex_);
    if (!end_) end_ = absl::CancelledError("the client went away");
  }
  PostContinue();
}

void Download::Recheck() {
  absl::Status status = env_.calls.authenticator().Recheck(credentials_, scope_, env_.clock.Now());
  if (!status.ok()) End(std::move(status));
}

void Download::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_) end_ = std::move(status);
  FinishIfIdle();
}

void Download::FinishIfIdle() {
  if (is_finished_ || is_busy_ || !end_) return;
  is_finished_ = true;
  env_.calls.metrics().Count(method_, end_->code());
  if (!end_->ok() && !absl::IsCancelled(*end_)) rpc::LogFailedCall(method_, nullptr, *end_);
  Finish(rpc::ToGrpcStatus(*end_));
}

void Download::OnDone() {
  std::shared_ptr<Download> self;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
  }
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerWriteReactor<v1::FileChunk>* ServeDownload(const Environment& env, const char* method,
                                                       domain::Scope scope,
                                                       grpc::CallbackServerContext* context,
                                                       OpenFileSource open) {
  auto download = std::make_shared<Download>(env, method, scope, context, std::move(open));
  download->Begin();
  return download.get();
}

}  // namespace campaigner::services

#include "server/services/operation_watch.h"

#include <memory>
#include <optional>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"
#include "server/services/convert/violations.h"
#include "server/services/operations.h"

namespace campaigner::services {
namespace {

namespace errors = domain::errors;

constexpr char kMethod[] = "WatchOperation";

class OperationWatch final : public grpc::ServerWriteReactor<v1::Operation>,
                             public LiveCall,
                             public OperationWatcher,
                             public std::enable_shared_from_this<OperationWatch> {
 public:
  OperationWatch(const Environment& env, grpc::CallbackServerContext* context,
                 const v1::WatchOperationRequest& request)
      : env_(env),
        operation_id_(request.operation_id()),
        credentials_(env.calls.authenticator().ReadCredentials(*context)) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the client went away")); }
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }
  void Recheck() override;
  void OnChanged() override;

 private:
  // On the executor: checks, listens, and tells the present state.
  absl::Status Open();
  absl::Status TellPresentState();
  void End(absl::Status status) EXCLUDES(mutex_);
  // Writes what is to be written, or finishes.
  void Advance() REQUIRES(mutex_);

  const Environment& env_;
  const int64_t operation_id_;
  const rpc::Credentials credentials_;
  int64_t account_id_ = 0;

  base::Mutex mutex_;
  std::shared_ptr<OperationWatch> self_ GUARDED_BY(mutex_);
  bool is_listening_ GUARDED_BY(mutex_) = false;
  std::optional<v1::Operation> latest_ GUARDED_BY(mutex_);
  v1::Operation writing_ GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

void OperationWatch::Begin() {
  auto self = shared_from_this();
  {
    base::MutexLock lock(mutex_);
    self_ = self;
  }
  if (!env_.live_calls.Add(self)) return End(errors::Draining());
  rpc::Executor::Task task = [self] {
    if (absl::Status status = self->Open(); !status.ok()) self->End(std::move(status));
  };
  if (!env_.call_executor.TryPost(std::move(task))) End(errors::Overloaded());
}

absl::Status OperationWatch::Open() {
  ASSIGN_OR_RETURN(
      const rpc::Caller caller,
      env_.calls.authenticator().Check(credentials_, domain::Scope::kSend, env_.clock.Now()));
  account_id_ = caller.account_id();
  Violations violations;
  violations.CheckId("operation_id", operation_id_);
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(env_.store.GetOperation(account_id_, operation_id_).status());
  {
    // Listening before reading: what changes in between is told by the one or the other.
    base::MutexLock lock(mutex_);
    if (is_finished_) return absl::OkStatus();
    if (!env_.operation_hub.Add(shared_from_this(), account_id_, operation_id_)) {
      return errors::Overloaded();
    }
    is_listening_ = true;
  }
  return TellPresentState();
}

absl::Status OperationWatch::TellPresentState() {
  ASSIGN_OR_RETURN(const domain::Operation operation,
                   env_.store.GetOperation(account_id_, operation_id_));
  v1::Operation proto;
  RETURN_IF_ERROR(FillOperation(env_, operation, &proto));
  base::MutexLock lock(mutex_);
  // Two threads may tell: what was read earlier must not hide the end.
  if (end_ || (latest_ && latest_->state() != v1::Operation::RUNNING)) return absl::OkStatus();
  latest_ = std::move(proto);
  if (latest_->state() != v1::Operation::RUNNING) end_ = absl::OkStatus();
  Advance();
  return absl::OkStatus();
}

void OperationWatch::Recheck() {
  absl::Status status =
      env_.calls.authenticator().Recheck(credentials_, domain::Scope::kSend, env_.clock.Now());
  if (!status.ok()) End(std::move(status));
}

void OperationWatch::OnChanged() {
  if (absl::Status status = TellPresentState(); !status.ok()) End(std::move(status));
}

void OperationWatch::Advance() {
  if (is_finished_ || is_writing_) return;
  if (latest_ && (!end_ || end_->ok())) {
    writing_ = *std::move(latest_);
    latest_.reset();
    is_writing_ = true;
    return StartWrite(&writing_);
  }
  if (!end_) return;
  is_finished_ = true;
  env_.calls.metrics().Count(kMethod, end_->code());
  if (!end_->ok() && !absl::IsCancelled(*end_)) rpc::LogFailedCall(kMethod, nullptr, *end_);
  Finish(rpc::ToGrpcStatus(*end_));
}

void OperationWatch::OnWriteDone(bool ok) {
  base::MutexLock lock(mutex_);
  is_writing_ = false;
  if (!ok) end_ = absl::CancelledError("the client went away");
  Advance();
}

void OperationWatch::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_) end_ = std::move(status);
  Advance();
}

void OperationWatch::OnDone() {
  std::shared_ptr<OperationWatch> self;
  bool was_listening = false;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
    was_listening = std::exchange(is_listening_, false);
  }
  if (was_listening) env_.operation_hub.Remove(self, account_id_, operation_id_);
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerWriteReactor<v1::Operation>* ServeOperationWatch(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::WatchOperationRequest* request) {
  auto watch = std::make_shared<OperationWatch>(env, context, *request);
  watch->Begin();
  return watch.get();
}

}  // namespace campaigner::services

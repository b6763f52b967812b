#include "server/services/campaign_watch.h"

#include <memory>
#include <optional>
#include <utility>

#include "server/base/status_macros.h"
#include "server/base/thread_annotations.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"
#include "server/services/campaigns.h"

namespace campaigner::services {
namespace {

namespace errors = domain::errors;

constexpr char kMethod[] = "WatchCampaign";

class CampaignWatch final : public grpc::ServerWriteReactor<v1::CampaignProgress>,
                            public LiveCall,
                            public ProgressWatcher,
                            public std::enable_shared_from_this<CampaignWatch> {
 public:
  CampaignWatch(const Environment& env, grpc::CallbackServerContext* context, int64_t campaign_id)
      : env_(env),
        campaign_id_(campaign_id),
        credentials_(env.calls.authenticator().ReadCredentials(*context)) {}

  // Keeps itself until OnDone.
  void Begin();

  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the client went away")); }
  void OnDone() override;
  void Drain() override { End(errors::Draining()); }
  void Recheck() override;
  void OnProgress(const v1::CampaignProgress& progress, bool is_over) override;
  void OnLost(absl::Status status) override { End(std::move(status)); }

 private:
  // On the executor: checks, and listens.
  absl::Status Open();
  void End(absl::Status status) EXCLUDES(mutex_);
  // Writes what is to be written, or finishes.
  void Advance() REQUIRES(mutex_);

  const Environment& env_;
  const int64_t campaign_id_;
  const rpc::Credentials credentials_;
  // Set before it listens.
  int64_t account_id_ = 0;

  base::Mutex mutex_;
  std::shared_ptr<CampaignWatch> self_ GUARDED_BY(mutex_);
  bool is_listening_ GUARDED_BY(mutex_) = false;
  std::optional<v1::CampaignProgress> latest_ GUARDED_BY(mutex_);
  v1::CampaignProgress writing_ GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ GUARDED_BY(mutex_);
  bool is_writing_ GUARDED_BY(mutex_) = false;
  bool is_finished_ GUARDED_BY(mutex_) = false;
};

void CampaignWatch::Begin() {
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

absl::Status CampaignWatch::Open() {
  const absl::Time now = env_.clock.Now();
  ASSIGN_OR_RETURN(const rpc::Caller caller,
                   env_.calls.authenticator().Check(credentials_, domain::Scope::kSend, now));
  RETURN_IF_ERROR(
      FindCampaign({.env = env_, .caller = caller, .arrival = now}, campaign_id_).status());
  base::MutexLock lock(mutex_);
  if (is_finished_) return absl::OkStatus();
  account_id_ = caller.account_id();
  if (!env_.progress_hub.Add(shared_from_this(), account_id_, campaign_id_)) {
    return errors::Overloaded();
  }
  is_listening_ = true;
  return absl::OkStatus();
}

void CampaignWatch::Recheck() {
  absl::Status status =
      env_.calls.authenticator().Recheck(credentials_, domain::Scope::kSend, env_.clock.Now());
  if (!status.ok()) End(std::move(status));
}

void CampaignWatch::OnProgress(const v1::CampaignProgress& progress, bool is_over) {
  base::MutexLock lock(mutex_);
  if (end_) return;
  latest_ = progress;
  if (is_over) end_ = absl::OkStatus();
  Advance();
}

void CampaignWatch::Advance() {
  if (is_finished_ || is_writing_) return;
  if (latest_ && (!end_ || end_->ok())) {
    writing_ = *std::exchange(latest_, std::nullopt);
    is_writing_ = true;
    return StartWrite(&writing_);
  }
  if (!end_) return;
  is_finished_ = true;
  env_.calls.metrics().Count(kMethod, end_->code());
  if (!end_->ok() && !absl::IsCancelled(*end_)) rpc::LogFailedCall(kMethod, nullptr, *end_);
  Finish(rpc::ToGrpcStatus(*end_));
}

void CampaignWatch::OnWriteDone(bool ok) {
  base::MutexLock lock(mutex_);
  is_writing_ = false;
  if (!ok) end_ = absl::CancelledError("the client went away");
  Advance();
}

void CampaignWatch::End(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (!end_ || !status.ok()) end_ = std::move(status);
  Advance();
}

void CampaignWatch::OnDone() {
  std::shared_ptr<CampaignWatch> self;
  bool was_listening = false;
  {
    base::MutexLock lock(mutex_);
    self = std::move(self_);
    was_listening = std::exchange(is_listening_, false);
  }
  if (was_listening) env_.progress_hub.Remove(self, account_id_, campaign_id_);
  env_.live_calls.Remove(self);
}

}  // namespace

grpc::ServerWriteReactor<v1::CampaignProgress>* ServeCampaignWatch(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::WatchCampaignRequest* request) {
  auto watch = std::make_shared<CampaignWatch>(env, context, request->campaign_id());
  watch->Begin();
  return watch.get();
}

}  // namespace campaigner::services

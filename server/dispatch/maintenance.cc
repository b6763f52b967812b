#include "server/dispatch/maintenance.h"

#include <utility>

#include "server/base/status_macros.h"
#include "server/dispatch/maintenance_loop.h"

namespace campaigner::dispatch {

Maintenance::Maintenance(MaintenanceOptions options, DispatchContext context)
    : options_(std::move(options)),
      clock_(context.clock),
      loop_(std::make_unique<MaintenanceLoop>(options_, context)) {}

Maintenance::~Maintenance() { Stop(); }

absl::Status Maintenance::Start() {
  RETURN_IF_ERROR(loop_->Start());
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Time Maintenance::RunOnce() {
  std::set<int64_t> changed;
  {
    base::MutexLock lock(mutex_);
    changed.swap(changed_campaigns_);
  }
  return loop_->RunOnce(changed);
}

void Maintenance::Run() {
  while (!is_stopping_) {
    const absl::Time next = RunOnce();
    // One round may have taken long: what became due meanwhile is done at once.
    if (!is_stopping_) clock_.SleepUntil(wake_, next);
  }
}

void Maintenance::Stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  wake_.Notify();
  thread_.join();
}

bool Maintenance::HasWork() const {
  base::MutexLock lock(mutex_);
  return !changed_campaigns_.empty();
}

void Maintenance::OnCampaignChanged(int64_t campaign_id) {
  {
    base::MutexLock lock(mutex_);
    changed_campaigns_.insert(campaign_id);
  }
  wake_.Notify();
}

}  // namespace campaigner::dispatch

#include "server/services/operation_hub.h"

#include <algorithm>
#include <utility>

namespace campaigner::services {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(500);

}  // namespace

OperationHub::~OperationHub() { Stop(); }

void OperationHub::Start() {
  thread_ = std::thread([this] { Run(); });
}

void OperationHub::Stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  wake_.Notify();
  thread_.join();
}

bool OperationHub::Add(std::shared_ptr<OperationWatcher> watcher, int64_t account_id,
                       int64_t operation_id) {
  base::MutexLock lock(mutex_);
  if (!places_.TryTake(account_id)) return false;
  watchers_[operation_id].push_back(std::move(watcher));
  return true;
}

void OperationHub::Remove(const std::shared_ptr<OperationWatcher>& watcher, int64_t account_id,
                          int64_t operation_id) {
  base::MutexLock lock(mutex_);
  const auto found = watchers_.find(operation_id);
  if (found == watchers_.end()) return;
  if (std::erase(found->second, watcher) > 0) places_.Give(account_id);
  if (found->second.empty()) watchers_.erase(found);
}

void OperationHub::OnOperationsChanged(const std::vector<storage::OperationChange>& changes) {
  {
    base::MutexLock lock(mutex_);
    const size_t before = changed_.size();
    for (const storage::OperationChange& change : changes) {
      if (watchers_.contains(change.operation_id)) changed_.insert(change.operation_id);
    }
    // Whoever sleeps was woken by the first of them.
    if (before > 0 || changed_.empty()) return;
  }
  wake_.Notify();
}

OperationHub::Watchers OperationHub::TakeChanged() {
  base::MutexLock lock(mutex_);
  Watchers watchers;
  for (const int64_t id : std::exchange(changed_, {})) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) continue;
    watchers.insert(watchers.end(), found->second.begin(), found->second.end());
  }
  return watchers;
}

void OperationHub::Run() {
  absl::Time next = absl::InfinitePast();
  while (!is_stopping_) {
    const absl::Time now = clock_.Now();
    if (now < next) {
      clock_.SleepUntil(wake_, next);
      continue;
    }
    const Watchers watchers = TakeChanged();
    for (const auto& watcher : watchers) watcher->OnChanged();
    if (watchers.empty()) {
      clock_.SleepUntil(wake_, absl::InfiniteFuture());
    } else {
      next = now + kPause;
    }
  }
}

}  // namespace campaigner::services

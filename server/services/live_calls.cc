#include "server/services/live_calls.h"

#include <utility>

namespace campaigner::services {

bool LiveCalls::Add(std::shared_ptr<LiveCall> call) {
  base::MutexLock lock(mutex_);
  if (is_draining_) return false;
  calls_.insert(std::move(call));
  return true;
}

void LiveCalls::Remove(const std::shared_ptr<LiveCall>& call) {
  base::MutexLock lock(mutex_);
  calls_.erase(call);
}

void LiveCalls::DrainAll() {
  {
    base::MutexLock lock(mutex_);
    is_draining_ = true;
  }
  for (const std::shared_ptr<LiveCall>& call : List()) call->Drain();
}

void LiveCalls::EndStalled(absl::Time now) {
  for (const std::shared_ptr<LiveCall>& call : List()) call->EndIfStalled(now);
}

std::vector<std::shared_ptr<LiveCall>> LiveCalls::List() {
  base::MutexLock lock(mutex_);
  return {calls_.begin(), calls_.end()};
}

}  // namespace campaigner::services

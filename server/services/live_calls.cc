#include "server/services/live_calls.h"

#include <utility>
#include <vector>

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
  std::vector<std::shared_ptr<LiveCall>> calls;
  {
    base::MutexLock lock(mutex_);
    is_draining_ = true;
    calls.assign(calls_.begin(), calls_.end());
  }
  for (const std::shared_ptr<LiveCall>& call : calls) call->Drain();
}

}  // namespace campaigner::services

#include "server/services/live_calls.h"

#include <utility>

namespace campaigner::services {
namespace {

// A revoked key serves for so long at most; each time costs a look into a cache for each call.
constexpr absl::Duration kRecheckPause = absl::Seconds(2);

}  // namespace

LiveCalls::~LiveCalls() { Stop(); }

void LiveCalls::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LiveCalls::Stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  wake_.Notify();
  thread_.join();
}

void LiveCalls::Run() {
  while (!is_stopping_) {
    for (const std::shared_ptr<LiveCall>& call : All()) {
      call->Recheck();
      call->EndIfStalled(clock_.Now());
    }
    clock_.SleepUntil(wake_, clock_.Now() + kRecheckPause);
  }
}

std::vector<std::shared_ptr<LiveCall>> LiveCalls::All() {
  base::MutexLock lock(mutex_);
  return {calls_.begin(), calls_.end()};
}

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
  for (const std::shared_ptr<LiveCall>& call : All()) call->Drain();
}

}  // namespace campaigner::services

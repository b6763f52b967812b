#include "server/base/clock.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace campaigner::base {

void WakeSignal::Notify() {
  MutexLock lock(mutex_);
  is_raised_ = true;
  raised_.notify_all();
}

absl::Time SystemClock::Now() const {
  return absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
}

void SystemClock::SleepUntil(WakeSignal& signal, absl::Time deadline) {
  // A far deadline would overflow std::chrono; waking once an hour for nothing costs nothing.
  constexpr absl::Duration kLongestSleep = absl::Hours(1);
  const absl::Duration left = std::min(deadline - Now(), kLongestSleep);
  MutexLock lock(signal.mutex_);
  if (left > absl::ZeroDuration()) {
    signal.raised_.wait_for(lock, absl::ToChronoMicroseconds(left),
                            [&]() REQUIRES(signal.mutex_) { return signal.is_raised_; });
  }
  signal.is_raised_ = false;
}

absl::Time FakeClock::Now() const {
  MutexLock lock(mutex_);
  return now_;
}

void FakeClock::SleepUntil(WakeSignal& signal, absl::Time deadline) {
  {
    MutexLock lock(mutex_);
    sleepers_.insert(&signal);
  }
  {
    MutexLock lock(signal.mutex_);
    // Now() takes the clock's mutex inside the signal's; Set takes the clock's and releases it
    // first.
    signal.raised_.wait(
        lock, [&]() REQUIRES(signal.mutex_) { return signal.is_raised_ || Now() >= deadline; });
    signal.is_raised_ = false;
  }
  MutexLock lock(mutex_);
  sleepers_.erase(sleepers_.find(&signal));
}

void FakeClock::Advance(absl::Duration by) { Set(Now() + by); }

void FakeClock::Set(absl::Time now) {
  std::multiset<WakeSignal*> sleepers;
  {
    MutexLock lock(mutex_);
    if (now <= now_) return;
    now_ = now;
    sleepers = sleepers_;
  }
  // A sleeper that has gone meanwhile has still to be alive: loops outlive their clock's last Set.
  for (WakeSignal* sleeper : sleepers) {
    MutexLock lock(sleeper->mutex_);
    sleeper->raised_.notify_all();
  }
}

}  // namespace campaigner::base

#pragma once

#include <condition_variable>
#include <set>

#include "absl/time/time.h"
#include "server/base/thread_annotations.h"

namespace campaigner::base {

// A flag that one loop sleeps on and others raise. Thread-safe.
class WakeSignal {
 public:
  // Wakes the sleeper, or lets its next sleep return at once.
  void Notify() EXCLUDES(mutex_);

 private:
  friend class SystemClock;
  friend class FakeClock;
  Mutex mutex_;
  std::condition_variable_any raised_;
  bool is_raised_ GUARDED_BY(mutex_) = false;
};

// The time of day, and sleeping by it. A parameter everywhere, so that a test runs a week in a
// second. Thread-safe. Microsecond resolution: what Now() answers survives storage unchanged.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
  // Sleeps until `signal` is raised (and lowers it) or until `deadline`. InfiniteFuture: only the
  // signal.
  virtual void SleepUntil(WakeSignal& signal, absl::Time deadline) = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  void SleepUntil(WakeSignal& signal, absl::Time deadline) override;
};

// Stands still until told. Sleepers whose deadline is reached are woken by Advance and Set.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override EXCLUDES(mutex_);
  void SleepUntil(WakeSignal& signal, absl::Time deadline) override EXCLUDES(mutex_);
  void Advance(absl::Duration by) EXCLUDES(mutex_);
  // Time never goes back: an earlier `now` is ignored.
  void Set(absl::Time now) EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  absl::Time now_ GUARDED_BY(mutex_);
  std::multiset<WakeSignal*> sleepers_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::base

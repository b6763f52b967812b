#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"

namespace campaigner::services {

// A call that lasts until somebody ends it: a stream.
class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Ends it with UNAVAILABLE as soon as what it owes is paid. Thread-safe; does not block.
  virtual void Drain() = 0;
  // Ends it where its caller may no longer call: the key was revoked, or expired. Thread-safe; may
  // block shortly, on the store. Nothing to do where each message is checked by itself.
  virtual void Recheck() {}
  // Ends it where its client has not done its part for too long. Thread-safe; does not block.
  virtual void EndIfStalled(absl::Time /*now*/) {}
};

// The calls that last: they are told when the server drains, and every other second asked whether
// their callers are still welcome and do their part. Thread-safe.
class LiveCalls {
 public:
  // `clock` must outlive it.
  explicit LiveCalls(base::Clock& clock) : clock_(clock) {}
  ~LiveCalls();

  void Start();
  // May be called twice.
  void Stop();

  // False while draining: the call must end itself.
  bool Add(std::shared_ptr<LiveCall> call) EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<LiveCall>& call) EXCLUDES(mutex_);
  // From now on Add answers false.
  void DrainAll() EXCLUDES(mutex_);

 private:
  void Run();
  std::vector<std::shared_ptr<LiveCall>> All() EXCLUDES(mutex_);

  base::Clock& clock_;
  base::WakeSignal wake_;
  base::Mutex mutex_;
  absl::flat_hash_set<std::shared_ptr<LiveCall>> calls_ GUARDED_BY(mutex_);
  bool is_draining_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace campaigner::services

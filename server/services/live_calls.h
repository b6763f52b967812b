#pragma once

#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "server/base/thread_annotations.h"

namespace campaigner::services {

// A call that lasts until somebody ends it: a stream.
class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Ends it with UNAVAILABLE as soon as what it owes is paid. Thread-safe; does not block.
  virtual void Drain() = 0;
  // Ends it where its client has not done its part for too long. Thread-safe; does not block.
  virtual void EndIfStalled(absl::Time /*now*/) {}
};

// The calls that have to be told when the server drains, and looked at meanwhile. Thread-safe.
class LiveCalls {
 public:
  // False while draining: the call must end itself.
  bool Add(std::shared_ptr<LiveCall> call) EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<LiveCall>& call) EXCLUDES(mutex_);
  // From now on Add answers false.
  void DrainAll() EXCLUDES(mutex_);
  void EndStalled(absl::Time now) EXCLUDES(mutex_);

 private:
  std::vector<std::shared_ptr<LiveCall>> List() EXCLUDES(mutex_);

  base::Mutex mutex_;
  absl::flat_hash_set<std::shared_ptr<LiveCall>> calls_ GUARDED_BY(mutex_);
  bool is_draining_ GUARDED_BY(mutex_) = false;
};

}  // namespace campaigner::services

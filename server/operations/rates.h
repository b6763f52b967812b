#pragma once

#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/storage/store.h"

namespace campaigner::operations {

// How fast operations have been going lately: over the last ten seconds. Kept in memory: after a
// start it takes a moment until there is something to say. Thread-safe.
class Rates final : public storage::StoreObserver {
 public:
  // `clock` must outlive it.
  explicit Rates(const base::Clock& clock) : clock_(clock) {}

  // 0 where it is not known (yet).
  double UnitsPerSecond(int64_t operation_id) const EXCLUDES(mutex_);

  void OnOperationsChanged(const std::vector<storage::OperationChange>& changes) override
      EXCLUDES(mutex_);

 private:
  struct Sample {
    absl::Time time;
    int64_t units = 0;
  };

  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  // Of operations that are RUNNING; oldest first.
  absl::flat_hash_map<int64_t, std::deque<Sample>> samples_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::operations

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/thread_annotations.h"
#include "server/services/account_places.h"
#include "server/storage/store.h"

namespace campaigner::services {

// Somebody who watches one operation.
class OperationWatcher {
 public:
  virtual ~OperationWatcher() = default;
  // The operation changed since the last time. Called on the hub's thread, twice a second at most;
  // may block shortly, on the store.
  virtual void OnChanged() = 0;
};

// Tells watchers of operations, not of every change but of the latest, twice a second at most: one
// thread, which sleeps while nothing that is watched changes. Thread-safe.
class OperationHub final : public storage::StoreObserver {
 public:
  // `clock` must outlive it.
  explicit OperationHub(base::Clock& clock) : clock_(clock) {}
  ~OperationHub() override;

  void Start();
  // May be called twice.
  void Stop();

  // False when there are limits::kOperationWatchersMax already, or a quarter of them are the
  // account's.
  bool Add(std::shared_ptr<OperationWatcher> watcher, int64_t account_id, int64_t operation_id)
      EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<OperationWatcher>& watcher, int64_t account_id,
              int64_t operation_id) EXCLUDES(mutex_);

  void OnOperationsChanged(const std::vector<storage::OperationChange>& changes) override
      EXCLUDES(mutex_);

 private:
  using Watchers = std::vector<std::shared_ptr<OperationWatcher>>;

  void Run();
  // Those whose operations changed since the last time.
  Watchers TakeChanged() EXCLUDES(mutex_);

  base::Clock& clock_;
  base::WakeSignal wake_;
  base::Mutex mutex_;
  absl::flat_hash_map<int64_t, Watchers> watchers_ GUARDED_BY(mutex_);
  AccountPlaces places_{base::limits::kOperationWatchersMax};
  std::set<int64_t> changed_ GUARDED_BY(mutex_);
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace campaigner::services

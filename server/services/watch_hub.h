#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/base/limits.h"
#include "server/base/thread_annotations.h"
#include "server/services/account_places.h"
#include "server/storage/store.h"

namespace campaigner::services {

// Somebody who wants to know of changes. Both are called on the store's thread and must not block.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void Push(const storage::MessageChange& change) = 0;
  // Called after the last Push of a commit: what came since the last Flush may go out.
  virtual void Flush() = 0;
};

// Hands changes of messages from the store to those who watch them. Costs nothing while nobody
// does. Thread-safe.
class WatchHub final : public storage::StoreObserver {
 public:
  // What a watcher of an account watches: a campaign, or these messages.
  struct Interest {
    int64_t account_id = 0;
    int64_t campaign_id = 0;
    std::vector<int64_t> message_ids;
  };

  // False when there are limits::kWatchersMax already, or a quarter of them are the account's.
  bool Add(std::shared_ptr<Watcher> watcher, const Interest& interest) EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<Watcher>& watcher, const Interest& interest) EXCLUDES(mutex_);

  bool WantsMessageChanges() override { return has_watchers_.load(std::memory_order_relaxed); }
  void OnMessagesChanged(const std::vector<storage::MessageChange>& changes) override
      EXCLUDES(mutex_);

 private:
  using Watchers = std::vector<std::shared_ptr<Watcher>>;
  using Index = absl::flat_hash_map<int64_t, Watchers>;

  static void Erase(Index& index, int64_t id, const std::shared_ptr<Watcher>& watcher);

  std::atomic<bool> has_watchers_ = false;
  base::Mutex mutex_;
  AccountPlaces places_{base::limits::kWatchersMax};
  Index by_campaign_ GUARDED_BY(mutex_);
  Index by_message_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::services

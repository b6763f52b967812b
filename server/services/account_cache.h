#pragma once

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/base/thread_annotations.h"
#include "server/storage/account_store.h"

namespace campaigner::services {

// Accounts as every send needs them, without asking the store each time. All changes of accounts
// are made through this process, which tells the cache. Thread-safe.
class AccountCache {
 public:
  // `store` must outlive it.
  explicit AccountCache(storage::AccountStore& store) : store_(store) {}

  // Blocks at the first time. NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const domain::Account>> Get(int64_t account_id) EXCLUDES(mutex_);
  // Whether Get would not block. Does not block.
  bool Has(int64_t account_id) EXCLUDES(mutex_);
  // The account changed.
  void Forget(int64_t account_id) EXCLUDES(mutex_);

 private:
  storage::AccountStore& store_;
  base::Mutex mutex_;
  absl::flat_hash_map<int64_t, std::shared_ptr<const domain::Account>> accounts_ GUARDED_BY(mutex_);
  // Raised by Forget: what was read before it is not kept after it.
  int64_t changes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace campaigner::services

#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "server/base/text.h"
#include "server/base/thread_annotations.h"

namespace campaigner::storage::sqlite {

// The stop-lists of all accounts as hashes: says "no" for certain and "yes" probably. What was
// removed stays a "maybe" until the next start. Thread-safe.
class StopFilter {
 public:
  void Add(int64_t account_id, std::string_view address) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    hashes_.insert(HashOf(account_id, address));
  }

  bool MayHold(int64_t account_id, std::string_view address) const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return !hashes_.empty() && hashes_.contains(HashOf(account_id, address));
  }

 private:
  static uint64_t HashOf(int64_t account_id, std::string_view address) {
    return absl::HashOf(account_id, base::ToAbsl(address));
  }

  mutable base::Mutex mutex_;
  absl::flat_hash_set<uint64_t> hashes_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::storage::sqlite

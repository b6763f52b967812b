#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "server/base/thread_annotations.h"

namespace campaigner::services {

// Places that all accounts share, of which none takes more than a quarter. Thread-safe.
class AccountPlaces {
 public:
  explicit AccountPlaces(size_t places_max) : places_max_(places_max) {}

  // False: there are no more, for this account or at all.
  bool TryTake(int64_t account_id) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (taken_ >= places_max_) return false;
    size_t& own = by_account_[account_id];
    if (own >= places_max_ / 4) return false;
    ++own;
    ++taken_;
    return true;
  }
  // After TryTake.
  void Give(int64_t account_id) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    --taken_;
    const auto own = by_account_.find(account_id);
    if (--own->second == 0) by_account_.erase(own);
  }
  size_t taken() const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return taken_;
  }

  // One that is held as long as this lives.
  class Place {
   public:
    // `places` must outlive it.
    Place(AccountPlaces& places, int64_t account_id)
        : places_(places), account_id_(account_id), is_taken_(places.TryTake(account_id)) {}
    ~Place() {
      if (is_taken_) places_.Give(account_id_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // False: there was none.
    bool is_taken() const { return is_taken_; }

   private:
    AccountPlaces& places_;
    const int64_t account_id_;
    const bool is_taken_;
  };

 private:
  const size_t places_max_;
  mutable base::Mutex mutex_;
  size_t taken_ GUARDED_BY(mutex_) = 0;
  // Without those that have none.
  absl::flat_hash_map<int64_t, size_t> by_account_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::services

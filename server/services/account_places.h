#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "server/base/thread_annotations.h"

namespace campaigner::services {

// Places for calls that read much: one for each account, so that none takes all, and `places_max`
// altogether. Thread-safe.
class AccountPlaces {
 public:
  explicit AccountPlaces(size_t places_max) : places_max_(places_max) {}

  // Held as long as it lives.
  class Place {
   public:
    // `places` must outlive it.
    Place(AccountPlaces& places, int64_t account_id)
        : places_(places), account_id_(account_id), is_taken_(places.Take(account_id)) {}
    ~Place() {
      if (is_taken_) places_.Free(account_id_);
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
  bool Take(int64_t account_id) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return accounts_.size() < places_max_ && accounts_.insert(account_id).second;
  }
  void Free(int64_t account_id) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    accounts_.erase(account_id);
  }

  const size_t places_max_;
  base::Mutex mutex_;
  absl::flat_hash_set<int64_t> accounts_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::services

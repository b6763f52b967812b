#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace campaigner::services {

// Places that all accounts share, of which none takes more than a quarter. Not thread-safe.
class AccountPlaces {
 public:
  explicit AccountPlaces(size_t places_max) : places_max_(places_max) {}

  // False: there are no more, for this account or at all.
  bool TryTake(int64_t account_id) {
    if (taken_ >= places_max_) return false;
    size_t& own = by_account_[account_id];
    if (own >= places_max_ / 4) return false;
    ++own;
    ++taken_;
    return true;
  }
  // After TryTake.
  void Give(int64_t account_id) {
    --taken_;
    const auto own = by_account_.find(account_id);
    if (--own->second == 0) by_account_.erase(own);
  }
  size_t taken() const { return taken_; }

 private:
  const size_t places_max_;
  size_t taken_ = 0;
  // Without those that have none.
  absl::flat_hash_map<int64_t, size_t> by_account_;
};

}  // namespace campaigner::services

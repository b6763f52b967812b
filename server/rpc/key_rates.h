#pragma once

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/thread_annotations.h"

namespace campaigner::rpc {

// Holds every key to its messages per second. Unlike domain::RateLimiter, which spaces out what
// waits, this one answers at once: yes, or when to come back. A key may send a second's worth at
// once; a batch larger than that goes when nothing else went, and is paid off afterwards, so that
// the rate holds in the long run and no batch is refused for ever. Thread-safe.
class KeyRates {
 public:
  // Takes `messages` for a key that may send `per_second_max` (0: any number). RESOURCE_EXHAUSTED
  // with RetryInfo; nothing is then taken.
  absl::Status Take(int64_t key_id, int32_t per_second_max, int64_t messages, absl::Time now)
      EXCLUDES(mutex_);
  // Gives back what a Take of the same numbers took, because nothing came of it.
  void GiveBack(int64_t key_id, int32_t per_second_max, int64_t messages) EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  // When a key has paid for all that it sent. Past times are dropped now and then.
  absl::flat_hash_map<int64_t, absl::Time> paid_until_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::rpc

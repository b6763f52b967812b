#pragma once

#include <cstdint>
#include <deque>

#include "absl/time/time.h"

namespace campaigner::domain {

// The numbers are stored, and equal to those of campaigner.v1.Campaign.
enum class RateUnit : uint8_t { kMessages = 1, kSegments = 2 };

// At most `limit` units within any `period`; limit 0: as fast as it goes.
struct Rate {
  int32_t limit = 0;
  absl::Duration period = absl::Seconds(1);
  RateUnit unit = RateUnit::kMessages;
  bool operator==(const Rate&) const = default;
};

// At most `limit` units in any window of `period`, evenly spaced, handed out in packets of at most
// `packet` units at a time: after a packet of n units nothing goes for n times the spacing of
// single units. Exact: no sliding window ever sees more than `limit`. Starts empty, as if a packet
// had just gone, so that a restart cannot double a burst. Not thread-safe.
class RateLimiter {
 public:
  // limit 0: no limit.
  RateLimiter(int64_t limit, absl::Duration period, int64_t packet, absl::Time now);

  // How many of `wanted` units may go at `now`; they count as gone.
  int64_t Take(int64_t wanted, absl::Time now);
  // Gives back units that were taken at the last Take and did not go.
  void GiveBack(int64_t units);
  // When Take will next give at least one unit.
  absl::Time NextAvailable(absl::Time now) const;

 private:
  // Units that went at `time` or shortly before.
  struct Taken {
    absl::Time time;
    int64_t units;
  };

  absl::Duration Spacing(int64_t units) const { return period_ * units / limit_; }
  void Forget(absl::Time now);
  void Record(int64_t units, absl::Time now);

  int64_t limit_;
  absl::Duration period_;
  int64_t packet_;
  absl::Time next_;           // When the next packet may go, as far as spacing decides it.
  std::deque<Taken> recent_;  // What went within the last period, oldest first.
  int64_t recent_units_ = 0;  // Their sum.
  int64_t last_taken_ = 0;    // Of it, what the last Take gave.
};

}  // namespace campaigner::domain

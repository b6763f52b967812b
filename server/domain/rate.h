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
// `packet` units at a time: after n units nothing goes for n times the spacing of single units.
// Exact: no sliding window ever sees more than `limit`. Units go in pieces that are not split, such
// as the segments of a message; a piece of more than `limit` goes alone in its period. An idle time
// is not made up for. Not thread-safe.
class RateLimiter {
 public:
  struct Setting {
    int64_t limit = 1;  // 1 or more.
    absl::Duration period = absl::Seconds(1);
    int64_t packet = 1;
    // The largest piece that is to be expected. One that is larger goes all the same; only the
    // first period after a restart may then see more than the limit.
    int64_t piece_max = 1;
    bool operator==(const Setting&) const = default;
  };

  // What went before `known_since` is not known, because another process sent it: it counts as all
  // that the limit allowed, so that no window over a restart gets more. InfinitePast: nothing went.
  RateLimiter(const Setting& setting, absl::Time known_since);

  // `units` went at `time`, or before, in another process or for a limiter that is gone. For one
  // that is new and has InfinitePast as its known_since; by ascending times, none of which lies
  // ahead.
  void Remember(int64_t units, absl::Time time);

  // Another limit from `now` on; what went before counts. What is older than the old period is
  // forgotten: within a longer one it counts as all that the limit allowed.
  void Change(const Setting& setting, absl::Time now);

  // Units that may go at `now` as one packet, the first piece of which has `piece` units: `piece`
  // or more, or 0.
  int64_t Available(absl::Time now, int64_t piece = 1);
  // `units` go at `now`: no more than Available has just answered.
  void Take(int64_t units, absl::Time now);
  // When Available will next answer something else than 0 for such a piece, if nothing else goes.
  absl::Time NextAvailable(absl::Time now, int64_t piece = 1);

 private:
  // Units that went at `time` or shortly before.
  struct Taken {
    absl::Time time;
    int64_t units;
  };

  absl::Duration Spacing(int64_t units) const;
  void Forget(absl::Time now);
  // The most that may have gone before known_since_ within the period that ends at `time`.
  int64_t UnknownUnits(absl::Time time) const;
  // From when on UnknownUnits is at most `units`.
  absl::Time UnknownFits(int64_t units) const;
  // Units that may have gone at the last moment before known_since_.
  int64_t LastUnknown() const;

  Setting setting_;
  absl::Time known_since_;
  absl::Time last_taken_ = absl::InfinitePast();
  absl::Time next_ = absl::InfinitePast();  // When more may go, as far as spacing decides it.
  std::deque<Taken> recent_;                // What went within the last period, oldest first.
  int64_t recent_units_ = 0;                // Their sum.
};

}  // namespace campaigner::domain

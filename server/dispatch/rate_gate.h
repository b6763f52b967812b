#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/rate.h"

namespace campaigner::dispatch {

struct LaneRun;
struct QueuedMessage;

// What went out at `time`, or before.
struct Went {
  absl::Time time;
  int64_t units = 0;
};

// A rate that lanes share: a campaign's, an account's or a route's. Who is more important and waits
// for it stands before the others; and a message of several segments that waits for room is not
// overtaken for ever by smaller ones. Used by the dispatch loop alone.
class RateGate {
 public:
  // `known_since`: see domain::RateLimiter. `rate.limit` is 1 or more.
  RateGate(const domain::Rate& rate, absl::Time known_since);
  // All that went within the last period, by ascending times.
  RateGate(const domain::Rate& rate, const std::vector<Went>& history);

  // Whether a rate may take the place of this one and all that went be known: of the same unit, its
  // period no longer.
  bool CanBecome(const domain::Rate& rate) const;
  // Another rate from `now` on, which it can become.
  void Change(const domain::Rate& rate, absl::Time now);

  const domain::Rate& rate() const { return rate_; }
  bool counts_segments() const { return rate_.unit == domain::RateUnit::kSegments; }

  // How many of the lane's first `wanted` messages may go at `now`; 0: see NextTry. The messages
  // are there, with their segments where those count.
  int Fit(const LaneRun& lane, int wanted, absl::Time now);
  // The lane's first `count` messages go at `now`: no more than Fit has just answered.
  void Take(const LaneRun& lane, int count, absl::Time now);
  // When it is worth asking Fit again, after it answered 0.
  absl::Time NextTry(const LaneRun& lane, absl::Time now);
  // When a message of one unit may go, as far as the rate alone decides it.
  absl::Time NextAvailable(absl::Time now) { return limiter_.NextAvailable(now); }
  // The most messages that Fit may answer at `now`; at least one.
  int FitMax(absl::Time now);
  // Units that fall into `span`; at least one.
  int UnitsWithin(absl::Duration span) const;

 private:
  // The lane that waits before others, until `until`.
  struct Waiting {
    const LaneRun* lane = nullptr;
    int64_t order_key = 0;
    // Its message has more than one unit: equals may not overtake it either.
    bool is_piece = false;
    absl::Time until = absl::InfinitePast();
  };

  int64_t UnitsOf(const QueuedMessage& message) const;
  bool IsHeldForAnother(const LaneRun& lane, absl::Time now) const;
  void Wait(const LaneRun& lane, int64_t piece, absl::Time now);

  domain::Rate rate_;
  domain::RateLimiter limiter_;
  Waiting waiting_;
};

}  // namespace campaigner::dispatch

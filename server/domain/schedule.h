#pragma once

#include <array>
#include <bitset>

#include "absl/time/time.h"

namespace campaigner::domain {

// Hours of the week that are open: index 0 is Monday 00:00 to 01:00, 167 Sunday 23:00 to 24:00.
struct WeeklySchedule {
  std::bitset<168> hours;
  bool operator==(const WeeklySchedule&) const = default;
};

// Whether the local hour at `time` in `zone` is open. An hour that daylight saving repeats is open
// both times; one that it skips does not happen.
bool IsOpen(const WeeklySchedule& schedule, const absl::TimeZone& zone, absl::Time time);

// The first moment after `time` at which IsOpen changes; InfiniteFuture for an always open or never
// open one.
absl::Time NextChange(const WeeklySchedule& schedule, const absl::TimeZone& zone, absl::Time time);

// The next jump of the zone's clock after `time`: daylight saving begins or ends, or the law
// changed.
absl::Time NextJump(const absl::TimeZone& zone, absl::Time time);

// Open time within [from, to), leaving out what is closed. Used for the Sending Timeout.
absl::Duration OpenTimeBetween(const WeeklySchedule& schedule, const absl::TimeZone& zone,
                               absl::Time from, absl::Time to);

}  // namespace campaigner::domain

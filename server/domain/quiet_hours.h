#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/campaign.h"

// The hours in which recipients are left alone. Pure functions.
namespace campaigner::domain {

// Whether the local minute at `time` in `zone` is quiet. One that daylight saving repeats is quiet
// both times.
bool IsQuiet(const QuietHours& quiet, const absl::TimeZone& zone, absl::Time time);
// The first moment after `time` at which that changes; InfiniteFuture: never.
absl::Time NextQuietChange(const QuietHours& quiet, const absl::TimeZone& zone, absl::Time time);

// Whether it is quiet in any of `zones` at `time`.
bool IsQuiet(const QuietHours& quiet, const std::vector<absl::TimeZone>& zones, absl::Time time);
// The first moment from `time` on at which it is not quiet in any of `zones`; InfiniteFuture where
// there is none within the next 24 hours.
absl::Time QuietUntil(const QuietHours& quiet, const std::vector<absl::TimeZone>& zones,
                      absl::Time time);

// Whether an open hour of the schedule has a minute that is not quiet, where both are read in the
// same zone.
bool LeavesOpenMinute(const QuietHours& quiet, const WeeklySchedule& schedule);

// The zones in which a recipient must not be disturbed at `time`. `allowed` are those in which it
// may be (see RecipientZones), `campaign_zone` that of the campaign. One allowed zone is its own.
// Of several, or none, the fallback decides; without one, all that are allowed; and where these
// leave no open minute within the next 24 hours, or there is none, the campaign's.
std::vector<absl::TimeZone> QuietZones(const QuietHours& quiet, std::vector<absl::TimeZone> allowed,
                                       const absl::TimeZone& campaign_zone, absl::Time time);

// What holds for a recipient from `since` until before `until`.
struct QuietSpan {
  bool is_quiet = false;
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfinitePast();
};
// As QuietZones says.
QuietSpan QuietAt(const QuietHours& quiet, std::vector<absl::TimeZone> allowed,
                  const absl::TimeZone& campaign_zone, absl::Time time);

// The first moment from `time` on, within 8 days, at which the campaign's schedule is open and its
// quiet hours, which it has, let the recipient be disturbed; nullopt: there is none. As QuietAt.
std::optional<absl::Time> NextMoment(const Campaign& campaign,
                                     const std::vector<absl::TimeZone>& allowed,
                                     const absl::TimeZone& campaign_zone, absl::Time time);

}  // namespace campaigner::domain

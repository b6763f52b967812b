#include "server/domain/quiet_hours.h"

#include <algorithm>
#include <utility>

#include "server/domain/schedule.h"

namespace campaigner::domain {
namespace {

constexpr int kMinutesPerDay = 24 * 60;
// Schedules repeat by the week; a day more, as the zones' days may differ in length.
constexpr absl::Duration kMomentWithin = absl::Hours(8 * 24);
// Where it is quiet for longer than this, it is for ever as far as a message is concerned.
constexpr absl::Duration kLookAhead = absl::Hours(24);

int MinuteOfDay(const absl::CivilSecond& local) { return local.hour() * 60 + local.minute(); }

bool IsQuietMinute(const QuietHours& quiet, int minute) {
  if (quiet.start_minute <= quiet.end_minute) {
    return minute >= quiet.start_minute && minute < quiet.end_minute;
  }
  return minute >= quiet.start_minute || minute < quiet.end_minute;
}

}  // namespace

bool IsQuiet(const QuietHours& quiet, const absl::TimeZone& zone, absl::Time time) {
  return IsQuietMinute(quiet, MinuteOfDay(zone.At(time).cs));
}

absl::Time NextQuietChange(const QuietHours& quiet, const absl::TimeZone& zone, absl::Time time) {
  if (quiet.start_minute == quiet.end_minute || time == absl::InfiniteFuture()) {
    return absl::InfiniteFuture();
  }
  const bool is_quiet = IsQuiet(quiet, zone, time);
  const int border = is_quiet ? quiet.end_minute : quiet.start_minute;
  // From jump to jump of the zone's clock: between two of them local minutes follow each other
  // evenly.
  while (true) {
    const absl::TimeZone::CivilInfo local = zone.At(time);
    const int minutes = (border - MinuteOfDay(local.cs) + kMinutesPerDay) % kMinutesPerDay;
    const absl::Time minute_start = time - local.subsecond - absl::Seconds(local.cs.second());
    const absl::Time change = minute_start + absl::Minutes(minutes == 0 ? kMinutesPerDay : minutes);
    const absl::Time jump = NextJump(zone, time);
    if (change < jump) return change;
    if (IsQuiet(quiet, zone, jump) != is_quiet) return jump;
    time = jump;
  }
}

bool IsQuiet(const QuietHours& quiet, const std::vector<absl::TimeZone>& zones, absl::Time time) {
  return std::any_of(zones.begin(), zones.end(),
                     [&](const absl::TimeZone& zone) { return IsQuiet(quiet, zone, time); });
}

absl::Time QuietUntil(const QuietHours& quiet, const std::vector<absl::TimeZone>& zones,
                      absl::Time time) {
  const absl::Time last = time + kLookAhead;
  for (bool moved = true; moved && time <= last;) {
    moved = false;
    for (const absl::TimeZone& zone : zones) {
      if (!IsQuiet(quiet, zone, time)) continue;
      time = NextQuietChange(quiet, zone, time);
      moved = true;
    }
  }
  return time <= last ? time : absl::InfiniteFuture();
}

bool LeavesOpenMinute(const QuietHours& quiet, const WeeklySchedule& schedule) {
  for (int minute = 0; minute < kMinutesPerDay; ++minute) {
    if (IsQuietMinute(quiet, minute)) continue;
    for (int day = 0; day < 7; ++day) {
      if (schedule.hours[static_cast<size_t>(day * 24 + minute / 60)]) return true;
    }
  }
  return false;
}

std::vector<absl::TimeZone> QuietZones(const QuietHours& quiet, std::vector<absl::TimeZone> allowed,
                                       const absl::TimeZone& campaign_zone, absl::Time time) {
  if (allowed.size() == 1) return allowed;
  absl::TimeZone fallback;
  if (!quiet.fallback_zone.empty() && absl::LoadTimeZone(quiet.fallback_zone, &fallback)) {
    return {fallback};
  }
  const bool is_open_some_time =
      !allowed.empty() && QuietUntil(quiet, allowed, time) != absl::InfiniteFuture();
  if (!is_open_some_time) return {campaign_zone};
  return allowed;
}

QuietSpan QuietAt(const QuietHours& quiet, std::vector<absl::TimeZone> allowed,
                  const absl::TimeZone& campaign_zone, absl::Time time) {
  const auto zones = QuietZones(quiet, std::move(allowed), campaign_zone, time);
  QuietSpan span{IsQuiet(quiet, zones, time), time, absl::InfiniteFuture()};
  // One zone has an open minute on every day, though the day may have 25 hours.
  if (span.is_quiet && zones.size() > 1) {
    span.until = QuietUntil(quiet, zones, time);
    return span;
  }
  for (const absl::TimeZone& zone : zones) {
    span.until = std::min(span.until, NextQuietChange(quiet, zone, time));
  }
  return span;
}

std::optional<absl::Time> NextMoment(const Campaign& campaign,
                                     const std::vector<absl::TimeZone>& allowed,
                                     const absl::TimeZone& campaign_zone, absl::Time time) {
  const absl::Time last = time + kMomentWithin;
  while (time <= last) {
    const QuietSpan span = QuietAt(*campaign.quiet_hours, allowed, campaign_zone, time);
    if (span.is_quiet) {
      time = span.until;
    } else if (!IsScheduleOpen(campaign, campaign_zone, time)) {
      time = NextScheduleChange(campaign, campaign_zone, time);
    } else {
      return time;
    }
  }
  return std::nullopt;
}

}  // namespace campaigner::domain

#include "server/domain/schedule.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace campaigner::domain {
namespace {

constexpr size_t kHoursPerWeek = 168;

size_t HourOfWeek(const absl::CivilSecond& local) {
  // absl::Weekday counts from Monday.
  return static_cast<size_t>(absl::GetWeekday(local)) * 24 + static_cast<size_t>(local.hour());
}

bool IsMixed(const WeeklySchedule& schedule) {
  return schedule.hours.any() && !schedule.hours.all();
}

}  // namespace

absl::Time NextJump(const absl::TimeZone& zone, absl::Time time) {
  absl::TimeZone::CivilTransition jump;
  if (!zone.NextTransition(time, &jump)) return absl::InfiniteFuture();
  // For a jump forward `to` is an ordinary time, for one back it happens twice: the second time,
  // `trans`, is the jump.
  return zone.At(jump.to).trans;
}

bool IsOpen(const WeeklySchedule& schedule, const absl::TimeZone& zone, absl::Time time) {
  return schedule.hours[HourOfWeek(zone.At(time).cs)];
}

absl::Time NextChange(const WeeklySchedule& schedule, const absl::TimeZone& zone, absl::Time time) {
  if (!IsMixed(schedule) || time == absl::InfiniteFuture()) return absl::InfiniteFuture();
  const bool is_open = IsOpen(schedule, zone, time);
  // From jump to jump: between two of them local hours follow each other evenly.
  while (true) {
    const absl::TimeZone::CivilInfo local = zone.At(time);
    const size_t hour = HourOfWeek(local.cs);
    int64_t hours_ahead = 1;
    while (schedule.hours[(hour + static_cast<size_t>(hours_ahead)) % kHoursPerWeek] == is_open) {
      ++hours_ahead;
    }
    const absl::Time hour_start = time - local.subsecond - absl::Seconds(local.cs.second()) -
                                  absl::Minutes(local.cs.minute());
    const absl::Time change = hour_start + absl::Hours(hours_ahead);
    const absl::Time jump = NextJump(zone, time);
    if (change < jump) return change;
    if (IsOpen(schedule, zone, jump) != is_open) return jump;
    time = jump;
  }
}

absl::Duration OpenTimeBetween(const WeeklySchedule& schedule, const absl::TimeZone& zone,
                               absl::Time from, absl::Time to) {
  if (from >= to || schedule.hours.none()) return absl::ZeroDuration();
  if (schedule.hours.all() || from == absl::InfinitePast() || to == absl::InfiniteFuture()) {
    return to - from;
  }
  absl::Duration open;
  bool is_open = IsOpen(schedule, zone, from);
  while (from < to) {
    const absl::Time change = std::min(NextChange(schedule, zone, from), to);
    if (is_open) open += change - from;
    is_open = !is_open;
    from = change;
  }
  return open;
}

}  // namespace campaigner::domain

#include "server/domain/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

namespace campaigner::domain {
namespace {

constexpr size_t kMonday = 0;
constexpr size_t kTuesday = 1;
constexpr size_t kThursday = 3;
constexpr size_t kFriday = 4;
constexpr size_t kSunday = 6;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time Utc(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, absl::UTCTimeZone(), &time, &error)) << error;
  return time;
}

WeeklySchedule Open(size_t weekday, const std::vector<size_t>& hours) {
  WeeklySchedule schedule;
  for (const size_t hour : hours) schedule.hours.set(weekday * 24 + hour);
  return schedule;
}

TEST(ScheduleTest, HoursAreReadInTheZone) {
  const WeeklySchedule monday_nine = Open(kMonday, {9});
  const struct {
    const char* zone;
    const char* utc;
    bool is_open;
  } cases[] = {
      {"UTC", "2026-09-21 08:59", false},
      {"UTC", "2026-09-21 09:00", true},
      {"UTC", "2026-09-21 09:59", true},
      {"UTC", "2026-09-21 10:00", false},
      {"UTC", "2026-09-22 09:00", false},
      {"Europe/Berlin", "2026-09-21 07:00", true},
      {"Europe/Berlin", "2026-12-21 07:00", false},
      {"Europe/Berlin", "2026-12-21 08:00", true},
      {"Asia/Kolkata", "2026-09-21 03:29", false},
      {"Asia/Kolkata", "2026-09-21 03:30", true},
      {"Asia/Kolkata", "2026-09-21 04:29", true},
      {"Asia/Kolkata", "2026-09-21 04:30", false},
      {"Pacific/Auckland", "2026-09-20 21:00", true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(IsOpen(monday_nine, Zone(c.zone), Utc(c.utc)), c.is_open) << c.zone << " " << c.utc;
  }
}

TEST(ScheduleTest, IndexZeroIsMondayMidnightAndTheLastSundayNight) {
  WeeklySchedule schedule;
  schedule.hours.set(0);
  EXPECT_TRUE(IsOpen(schedule, absl::UTCTimeZone(), Utc("2026-09-21 00:30")));
  schedule.hours.reset();
  schedule.hours.set(167);
  EXPECT_TRUE(IsOpen(schedule, absl::UTCTimeZone(), Utc("2026-09-20 23:30")));
}

TEST(ScheduleTest, AlwaysAndNeverOpenDoNotChange) {
  WeeklySchedule schedule;
  const absl::Time now = Utc("2026-09-21 12:00");
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(NextChange(schedule, berlin, now), absl::InfiniteFuture());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, now, absl::InfiniteFuture()), absl::ZeroDuration());
  schedule.hours.set();
  EXPECT_EQ(NextChange(schedule, berlin, now), absl::InfiniteFuture());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, now, now + absl::Hours(5000)), absl::Hours(5000));
}

TEST(ScheduleTest, EndsOfTimeAreHarmless) {
  const WeeklySchedule schedule = Open(kMonday, {9});
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const absl::Time now = Utc("2026-09-21 12:00");
  EXPECT_EQ(NextChange(schedule, berlin, absl::InfiniteFuture()), absl::InfiniteFuture());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, now, absl::InfiniteFuture()),
            absl::InfiniteDuration());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, absl::InfinitePast(), now), absl::InfiniteDuration());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, now, now), absl::ZeroDuration());
  EXPECT_EQ(OpenTimeBetween(schedule, berlin, now + absl::Hours(200), now), absl::ZeroDuration());
}

TEST(ScheduleTest, NextChangeOverDaylightSavingLeapDaysAndYearEnds) {
  const struct {
    const char* what;
    const char* zone;
    WeeklySchedule schedule;
    const char* from;
    const char* change;
  } cases[] = {
      {"opens", "UTC", Open(kMonday, {9}), "2026-09-21 08:30", "2026-09-21 09:00"},
      {"closes", "UTC", Open(kMonday, {9}), "2026-09-21 09:30", "2026-09-21 10:00"},
      {"after its start", "UTC", Open(kMonday, {9}), "2026-09-21 09:00", "2026-09-21 10:00"},
      {"in a week", "UTC", Open(kMonday, {9}), "2026-09-21 10:00", "2026-09-28 09:00"},
      {"round the week", "UTC", Open(kSunday, {23}), "2026-09-20 23:10", "2026-09-21 00:00"},
      {"leap day", "UTC", Open(kTuesday, {10}), "2028-02-28 12:00", "2028-02-29 10:00"},
      {"after the leap day", "UTC", Open(2, {0}), "2028-02-29 12:00", "2028-03-01 00:00"},
      {"year end", "UTC", Open(kThursday, {23}), "2026-12-31 23:59", "2027-01-01 00:00"},
      {"new year", "UTC", Open(kFriday, {0}), "2026-12-31 12:00", "2027-01-01 00:00"},
      // 2026-03-29: 02:00 CET becomes 03:00 CEST at 01:00 UTC.
      {"before a skipped hour", "Europe/Berlin", Open(kSunday, {1, 2}), "2026-03-29 00:10",
       "2026-03-29 01:00"},
      {"behind a skipped hour", "Europe/Berlin", Open(kSunday, {3}), "2026-03-29 00:10",
       "2026-03-29 01:00"},
      {"a skipped hour", "Europe/Berlin", Open(kSunday, {2}), "2026-03-28 12:00",
       "2026-04-05 00:00"},
      // 2026-10-25: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
      {"opens the first time", "Europe/Berlin", Open(kSunday, {2}), "2026-10-24 12:00",
       "2026-10-25 00:00"},
      {"a repeated hour", "Europe/Berlin", Open(kSunday, {2}), "2026-10-25 00:10",
       "2026-10-25 02:00"},
      {"behind a repeated hour", "Europe/Berlin", Open(kSunday, {3}), "2026-10-25 00:10",
       "2026-10-25 02:00"},
      // Lord Howe moves by half an hour: 2026-04-05 02:00 (+11) becomes 01:30 (+10:30) at 15:00
      // UTC of the day before; 2026-10-04 02:00 (+10:30) becomes 02:30 (+11) at 15:30 UTC.
      {"a half repeated hour", "Australia/Lord_Howe", Open(kSunday, {1}), "2026-04-04 14:10",
       "2026-04-04 15:30"},
      {"a half skipped hour", "Australia/Lord_Howe", Open(kSunday, {2}), "2026-10-03 15:40",
       "2026-10-03 16:00"},
      {"into a half skipped hour", "Australia/Lord_Howe", Open(kSunday, {2}), "2026-10-03 12:00",
       "2026-10-03 15:30"},
      {"half-hour zone", "Asia/Kolkata", Open(kMonday, {9}), "2026-09-21 00:00",
       "2026-09-21 03:30"},
      {"quarter-hour zone", "Asia/Kathmandu", Open(kMonday, {9}), "2026-09-21 00:00",
       "2026-09-21 03:15"},
      // Samoa had no 2011-12-30, a Friday.
      {"a skipped day", "Pacific/Apia", Open(kFriday, {9}), "2011-12-30 00:00", "2012-01-05 19:00"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(NextChange(c.schedule, Zone(c.zone), Utc(c.from)), Utc(c.change))
        << c.what << ": " << NextChange(c.schedule, Zone(c.zone), Utc(c.from));
  }
}

TEST(ScheduleTest, OpenTimeLeavesOutWhatIsClosedSkippedOrDone) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const WeeklySchedule sunday_two = Open(kSunday, {2});
  const auto open = [&](const char* from, const char* to) {
    return OpenTimeBetween(sunday_two, berlin, Utc(from), Utc(to));
  };
  EXPECT_EQ(open("2026-09-20 00:00", "2026-09-20 00:40"), absl::Minutes(40));
  EXPECT_EQ(open("2026-09-20 00:20", "2026-09-27 00:10"), absl::Minutes(50));
  EXPECT_EQ(open("2026-03-28 00:00", "2026-03-30 00:00"), absl::ZeroDuration());
  EXPECT_EQ(open("2026-10-24 00:00", "2026-10-26 00:00"), absl::Hours(2));
  // 52 Sundays of 2026, one without the hour and one with two of it.
  EXPECT_EQ(open("2026-01-01 00:00", "2027-01-01 00:00"), absl::Hours(52));
}

// Minute by minute, by the clock on the wall.
class BruteForce {
 public:
  BruteForce(const WeeklySchedule& schedule, const absl::TimeZone& zone)
      : schedule_(schedule), zone_(zone) {}

  bool IsOpen(absl::Time time) const {
    const absl::CivilHour hour = absl::ToCivilHour(time, zone_);
    const absl::CivilDay monday =
        absl::PrevWeekday(absl::CivilDay(hour) + 1, absl::Weekday::monday);
    return schedule_.hours[static_cast<size_t>(hour - absl::CivilHour(monday))];
  }

  absl::Time NextChange(absl::Time time) const {
    const bool was_open = IsOpen(time);
    absl::Time minute = absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 60 * 60);
    do {
      minute += absl::Minutes(1);
    } while (IsOpen(minute) == was_open);
    return minute;
  }

 private:
  const WeeklySchedule& schedule_;
  const absl::TimeZone& zone_;
};

TEST(ScheduleTest, AgreesWithSteppingMinuteByMinute) {
  const struct {
    const char* zone;
    const char* near;  // A jump of its clock.
  } zones[] = {{"UTC", "2026-12-31 23:00"},
               {"Europe/Berlin", "2026-03-29 01:00"},
               {"Europe/Berlin", "2026-10-25 01:00"},
               {"America/New_York", "2026-03-08 07:00"},
               {"America/St_Johns", "2026-11-01 04:30"},
               {"Australia/Lord_Howe", "2026-04-04 15:00"},
               {"Australia/Lord_Howe", "2026-10-03 15:30"},
               {"Asia/Kathmandu", "2028-02-29 00:00"},
               {"Africa/Casablanca", "2026-02-15 02:00"},
               {"Pacific/Apia", "2011-12-30 10:00"},
               {"Asia/Pyongyang", "2018-05-04 15:00"}};
  std::mt19937 random(42);
  for (const auto& c : zones) {
    const absl::TimeZone zone = Zone(c.zone);
    for (int round = 0; round < 40; ++round) {
      WeeklySchedule schedule;
      const size_t share = 1 + random() % 9;
      for (size_t hour = 0; hour < 168; ++hour) schedule.hours[hour] = random() % 10 < share;
      const BruteForce brute_force(schedule, zone);
      absl::Time time = Utc(c.near) - absl::Hours(30) + absl::Seconds(random() % 172'800) +
                        absl::Microseconds(random() % 1'000'000);
      const absl::Time from = time;
      absl::Duration open;
      for (int i = 0; i < 12; ++i) {
        const absl::Time change = NextChange(schedule, zone, time);
        ASSERT_EQ(IsOpen(schedule, zone, time), brute_force.IsOpen(time)) << c.zone << " " << time;
        ASSERT_EQ(change, brute_force.NextChange(time)) << c.zone << " " << time;
        if (brute_force.IsOpen(time)) open += change - time;
        time = change;
      }
      ASSERT_EQ(OpenTimeBetween(schedule, zone, from, time), open) << c.zone << " " << from;
    }
  }
}

}  // namespace
}  // namespace campaigner::domain

#include "server/domain/quiet_hours.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace campaigner::domain {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(const absl::TimeZone& zone, int year, int month, int day, int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), zone);
}

const QuietHours kNight{21 * 60, 9 * 60, ""};

TEST(QuietHoursTest, NightsGoOverMidnight) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_FALSE(IsQuiet(kNight, berlin, At(berlin, 2026, 3, 2, 20, 59)));
  EXPECT_TRUE(IsQuiet(kNight, berlin, At(berlin, 2026, 3, 2, 21, 0)));
  EXPECT_TRUE(IsQuiet(kNight, berlin, At(berlin, 2026, 3, 3, 8, 59)));
  EXPECT_FALSE(IsQuiet(kNight, berlin, At(berlin, 2026, 3, 3, 9, 0)));
  EXPECT_EQ(NextQuietChange(kNight, berlin, At(berlin, 2026, 12, 31, 23, 0)),
            At(berlin, 2027, 1, 1, 9, 0));
  EXPECT_EQ(NextQuietChange(kNight, berlin, At(berlin, 2028, 2, 28, 22, 0)),
            At(berlin, 2028, 2, 29, 9, 0));
  EXPECT_EQ(NextQuietChange(kNight, berlin, At(berlin, 2026, 3, 2, 9, 0)),
            At(berlin, 2026, 3, 2, 21, 0));
}

TEST(QuietHoursTest, HoursInsideADay) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const QuietHours lunch{13 * 60, 14 * 60 + 30, ""};
  EXPECT_FALSE(IsQuiet(lunch, utc, At(utc, 2026, 3, 2, 12, 59)));
  EXPECT_TRUE(IsQuiet(lunch, utc, At(utc, 2026, 3, 2, 14, 29)));
  EXPECT_FALSE(IsQuiet(lunch, utc, At(utc, 2026, 3, 2, 14, 30)));
}

TEST(QuietHoursTest, DaylightSavingMovesTheirEnds) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  // 2026-03-29: 2:00 becomes 3:00. 2026-10-25: 3:00 becomes 2:00.
  const absl::Time spring = At(berlin, 2026, 3, 28, 22, 0);
  EXPECT_EQ(NextQuietChange(kNight, berlin, spring) - spring, absl::Hours(10));
  const absl::Time autumn = At(berlin, 2026, 10, 24, 22, 0);
  EXPECT_EQ(NextQuietChange(kNight, berlin, autumn) - autumn, absl::Hours(12));
  // An end that does not happen is where the clock jumps over it.
  const QuietHours until_skipped{0, 2 * 60 + 30, ""};
  EXPECT_EQ(NextQuietChange(until_skipped, berlin, At(berlin, 2026, 3, 29, 1, 0)),
            At(berlin, 2026, 3, 29, 3, 0));
  // A repeated hour is quiet twice.
  const QuietHours repeated{2 * 60, 2 * 60 + 30, ""};
  const absl::Time first = At(berlin, 2026, 10, 25, 2, 0);
  EXPECT_TRUE(IsQuiet(repeated, berlin, first));
  EXPECT_EQ(NextQuietChange(repeated, berlin, first), first + absl::Minutes(30));
  EXPECT_EQ(NextQuietChange(repeated, berlin, first + absl::Minutes(30)), first + absl::Hours(1));
}

TEST(QuietHoursTest, SeveralZonesAreQuietWhereAnyIs) {
  const absl::TimeZone new_york = Zone("America/New_York");
  const absl::TimeZone los_angeles = Zone("America/Los_Angeles");
  const std::vector<absl::TimeZone> zones = {new_york, los_angeles};
  // 10:00 in New York is 7:00 in Los Angeles.
  const absl::Time morning = At(new_york, 2026, 6, 1, 10, 0);
  EXPECT_TRUE(IsQuiet(kNight, zones, morning));
  EXPECT_EQ(QuietUntil(kNight, zones, morning), At(los_angeles, 2026, 6, 1, 9, 0));
  const absl::Time noon = At(new_york, 2026, 6, 1, 12, 0);
  EXPECT_EQ(QuietUntil(kNight, zones, noon), noon);
  // Los Angeles still has three hours when New York goes to sleep.
  EXPECT_EQ(QuietUntil(kNight, zones, At(new_york, 2026, 6, 1, 21, 0)),
            At(los_angeles, 2026, 6, 2, 9, 0));
}

TEST(QuietHoursTest, WhichZonesCount) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const absl::TimeZone london = Zone("Europe/London");
  const absl::TimeZone auckland = Zone("Pacific/Auckland");
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::Time now = At(utc, 2026, 6, 1, 12, 0);
  QuietHours quiet = kNight;
  using Zones = std::vector<absl::TimeZone>;
  EXPECT_EQ(QuietZones(quiet, {berlin}, utc, now), Zones{berlin});
  EXPECT_EQ(QuietZones(quiet, {berlin, london}, utc, now), (Zones{berlin, london}));
  EXPECT_EQ(QuietZones(quiet, {}, utc, now), Zones{utc});
  // Day here is night there: no minute is open in both.
  quiet.start_minute = 20 * 60;
  EXPECT_EQ(QuietZones(quiet, {london, auckland}, utc, now), Zones{utc});
  quiet.fallback_zone = "Europe/Moscow";
  EXPECT_EQ(QuietZones(quiet, {berlin}, utc, now), Zones{berlin});
  EXPECT_EQ(QuietZones(quiet, {berlin, london}, utc, now), Zones{Zone("Europe/Moscow")});
  EXPECT_EQ(QuietZones(quiet, {}, utc, now), Zones{Zone("Europe/Moscow")});
}

// Over random zones, years and hours: what is answered agrees with a look at every minute.
TEST(QuietHoursTest, AgreesWithALookAtEveryMinute) {
  std::mt19937 random(11);
  const char* const names[] = {"Europe/Berlin",       "America/New_York", "Asia/Kolkata",
                               "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca",
                               "Pacific/Apia",        "Asia/Kathmandu",   "UTC",
                               "America/Sao_Paulo",   "Asia/Tehran",      "Europe/Moscow"};
  for (int round = 0; round < 400; ++round) {
    const auto below = [&](size_t limit) { return random() % limit; };
    QuietHours quiet{static_cast<int32_t>(below(1440)), static_cast<int32_t>(below(1440)), ""};
    if (quiet.start_minute == quiet.end_minute) continue;
    std::vector<absl::TimeZone> zones = {Zone(names[below(std::size(names))])};
    if (below(2) == 0) zones.push_back(Zone(names[below(std::size(names))]));
    absl::Time now =
        absl::FromUnixSeconds(1'300'000'000 + static_cast<int64_t>(below(600'000'000)));
    // Half of the time around a jump of the clock.
    absl::TimeZone::CivilTransition jump;
    if (below(2) == 0 && zones[0].NextTransition(now, &jump)) {
      now = zones[0].At(jump.to).trans - absl::Minutes(static_cast<int64_t>(below(1500)));
    }
    const QuietSpan span = QuietAt(quiet, zones, absl::UTCTimeZone(), now);
    const auto counted = QuietZones(quiet, zones, absl::UTCTimeZone(), now);
    ASSERT_EQ(span.is_quiet, IsQuiet(quiet, counted, now));
    ASSERT_GT(span.until, now);
    ASSERT_LE(span.until - now, absl::Hours(50));
    for (absl::Time t = now; t < span.until; t += absl::Minutes(1)) {
      ASSERT_EQ(IsQuiet(quiet, counted, t), span.is_quiet)
          << quiet.start_minute << "-" << quiet.end_minute << " " << zones[0].name() << " " << t;
    }
    ASSERT_NE(IsQuiet(quiet, counted, span.until), span.is_quiet)
        << quiet.start_minute << "-" << quiet.end_minute << " " << zones[0].name() << " " << now;
  }
}

}  // namespace
}  // namespace campaigner::domain

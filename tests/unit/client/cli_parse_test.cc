#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/parse.h"
#include "client/cli/show.h"
#include "tests/support/status_matchers.h"

namespace campaigner::cli {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z
const absl::TimeZone kZone = absl::FixedTimeZone(3 * 60 * 60);

TEST(CliParseTest, TimesInAllForms) {
  EXPECT_THAT(ParseTime("2026-01-01T00:00:00Z", kNow, kZone), IsOkAndHolds(kNow));
  EXPECT_THAT(ParseTime("2026-01-01T03:00:00+03:00", kNow, kZone), IsOkAndHolds(kNow));
  EXPECT_THAT(ParseTime("2026-01-01 03:00", kNow, kZone), IsOkAndHolds(kNow));
  EXPECT_THAT(ParseTime("2026-01-01 03:00:05", kNow, kZone), IsOkAndHolds(kNow + absl::Seconds(5)));
  EXPECT_THAT(ParseTime("+90m", kNow, kZone), IsOkAndHolds(kNow + absl::Minutes(90)));
  for (const char* bad : {"", "tomorrow", "2026-13-01 00:00", "+", "+x", "-5m", "12:00"}) {
    EXPECT_THAT(ParseTime(bad, kNow, kZone), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(CliParseTest, Durations) {
  EXPECT_THAT(ParseDuration("90s"), IsOkAndHolds(absl::Seconds(90)));
  EXPECT_THAT(ParseDuration("1h30m"), IsOkAndHolds(absl::Minutes(90)));
  EXPECT_THAT(ParseDuration("0"), IsOkAndHolds(absl::ZeroDuration()));
  for (const char* bad : {"", "90", "-1s", "inf", "1 day"}) {
    EXPECT_THAT(ParseDuration(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(CliParseTest, SchedulesComeBackAsTheyWereTyped) {
  for (const char* text :
       {"mon-fri 9-18", "mon-fri 9-18, sat 10-14", "sun 0-24", "mon 9-13 14-18, wed 8-9"}) {
    // Two ranges of one day are typed as two openings.
    const std::string typed =
        std::string(text) == "mon 9-13 14-18, wed 8-9" ? "mon 9-13, mon 14-18, wed 8-9" : text;
    ASSERT_OK_AND_ASSIGN(const auto schedule, ParseSchedule(typed));
    EXPECT_EQ(ShowSchedule(schedule), text);
  }
  ASSERT_OK_AND_ASSIGN(const auto around, ParseSchedule("SAT-MON 22-24"));
  EXPECT_EQ(ShowSchedule(around), "mon 22-24, sat-sun 22-24");
  ASSERT_OK_AND_ASSIGN(const auto always, ParseSchedule("always"));
  EXPECT_TRUE(always.days().empty());
}

TEST(CliParseTest, BrokenSchedules) {
  for (const char* bad : {"mon", "mon 9", "mon 18-9", "mon 9-25", "mo 9-18", "mon-xyz 9-18",
                          "mon 9-18 sat 9-18", "mon 9-18,,", "mon -1-5"}) {
    EXPECT_THAT(ParseSchedule(bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("mon-fri 9-18")))
        << bad;
  }
}

TEST(CliParseTest, Fields) {
  EXPECT_THAT(
      ParseFields({"field_1=Ivan", "link=a=b", "empty="}),
      IsOkAndHolds(ElementsAre(Pair("empty", ""), Pair("field_1", "Ivan"), Pair("link", "a=b"))));
  EXPECT_THAT(ParseFields({"field_1"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseFields({"=x"}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace campaigner::cli

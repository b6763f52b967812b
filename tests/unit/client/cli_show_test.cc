#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/errors.h"
#include "client/cli/show.h"
#include "client/cli/terminal.h"
#include "server/base/error.h"

namespace campaigner::cli {
namespace {

TEST(CliShowTest, ColumnsLineUpWhateverTheAlphabet) {
  Table table({"ID", "NAME", "STATE"});
  table.Add({"1", "Весна 🌷", "RUNNING"});
  table.Add({"1000", "Spring", ""});
  EXPECT_EQ(table.Format(),
            "ID    NAME     STATE\n"
            "1     Весна 🌷  RUNNING\n"
            "1000  Spring\n");
}

TEST(CliShowTest, CardsLeaveOutWhatIsEmpty) {
  EXPECT_EQ(FormatCard({{"Campaign", "1"}, {"A very long absent name", ""}, {"Name", "Spring"}}),
            "Campaign: 1\n"
            "Name:     Spring\n");
}

TEST(CliShowTest, TimesAndDurations) {
  const absl::TimeZone zone = absl::FixedTimeZone(3 * 60 * 60);
  const absl::Time time = absl::FromUnixMillis(1'767'225'600'250);
  EXPECT_EQ(ShowTime(ToTimestamp(time), zone), "2026-01-01 03:00:00 +03:00");
  EXPECT_EQ(ToTimestamp(time).nanos(), 250'000'000);
  EXPECT_EQ(ToTimestamp(absl::FromUnixMillis(-250)).nanos(), 750'000'000);
  EXPECT_EQ(ShowTime({}, zone), "");
  EXPECT_EQ(ShowDuration(ToProto(absl::Minutes(90))), "1h30m");
  EXPECT_EQ(ShowDuration(ToProto(absl::Milliseconds(1500))), "1.5s");
  EXPECT_EQ(ShowDuration({}), "");
}

TEST(CliErrorsTest, EveryCodeHasItsExit) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), 4);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 5);
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("")), 5);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), 6);
  EXPECT_EQ(ExitCodeOf(absl::AbortedError("")), 6);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 7);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("")), 7);
}

TEST(CliErrorsTest, ErrorsNameFieldsReasonAndWhenToComeBack) {
  EXPECT_EQ(ShowError(base::MakeError(absl::StatusCode::kInvalidArgument, "a is wrong (and 1 more)",
                                      {.reason = "INVALID_FIELDS",
                                       .violations = {{"a", "is wrong"}, {"b", "is absent"}}})),
            "error: a is wrong (and 1 more)\n"
            "  a is wrong\n"
            "  b is absent\n"
            "  [INVALID_ARGUMENT INVALID_FIELDS]\n");
  EXPECT_EQ(ShowError(base::MakeError(absl::StatusCode::kUnavailable, "too much",
                                      {.reason = "OVERLOADED", .retry_after = absl::Seconds(1)})),
            "error: too much\n"
            "  try again in 1s\n"
            "  [UNAVAILABLE OVERLOADED]\n");
  EXPECT_EQ(ShowError(absl::NotFoundError("gone")), "error: gone\n  [NOT_FOUND]\n");
}

TEST(CliErrorsTest, ErrorsAreJsonForPrograms) {
  EXPECT_EQ(ErrorToJson(base::MakeError(absl::StatusCode::kInvalidArgument, "a is \"wrong\"",
                                        {.reason = "INVALID_FIELDS",
                                         .violations = {{"a", "is wrong"}},
                                         .retry_after = absl::Seconds(1)})),
            "{\"error\":{\"code\":\"INVALID_ARGUMENT\",\"reason\":\"INVALID_FIELDS\","
            "\"message\":\"a is \\\"wrong\\\"\",\"fields\":[{\"field\":\"a\",\"description\":\"is "
            "wrong\"}],\"retryAfter\":\"1s\"}}\n");
  EXPECT_EQ(ErrorToJson(absl::NotFoundError("gone")),
            "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"gone\"}}\n");
}

TEST(CliShowTest, LinesAreCutBetweenCharacters) {
  EXPECT_EQ(CutToColumns("Весна", 5), "Весна");
  EXPECT_EQ(CutToColumns("Весна", 4), "Вес…");
  EXPECT_EQ(CutToColumns("Весна", 1), "…");
  EXPECT_EQ(CutToColumns("Весна", 0), "");
}

}  // namespace
}  // namespace campaigner::cli

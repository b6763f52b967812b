#include "client/cpp/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "server/base/error.h"
#include "tests/support/status_matchers.h"

namespace campaigner::client {
namespace {

using ::campaigner::testing::IsOk;
using ::campaigner::testing::StatusIs;
using ::testing::MatchesRegex;

const RetryPolicy kHasty{.attempts_max = 4,
                         .backoff_initial = absl::Microseconds(1),
                         .backoff_max = absl::Microseconds(1)};

TEST(RetryTest, PausesDoubleUpToTheMaximum) {
  const RetryPolicy policy{.attempts_max = 9,
                           .backoff_initial = absl::Milliseconds(100),
                           .backoff_max = absl::Milliseconds(500)};
  const absl::Status error = absl::UnavailableError("away");
  EXPECT_EQ(Backoff(policy, 1, 0.5, error), absl::Milliseconds(100));
  EXPECT_EQ(Backoff(policy, 2, 0.5, error), absl::Milliseconds(200));
  EXPECT_EQ(Backoff(policy, 3, 0.5, error), absl::Milliseconds(400));
  EXPECT_EQ(Backoff(policy, 4, 0.5, error), absl::Milliseconds(500));
  EXPECT_EQ(Backoff(policy, 1000, 0.5, error), absl::Milliseconds(500));
  EXPECT_EQ(Backoff(policy, 1, 0, error), absl::Milliseconds(80));
}

TEST(RetryTest, TheServersWishCountsWhereItIsLonger) {
  const auto asks = [](absl::Duration retry_after) {
    return base::MakeError(absl::StatusCode::kUnavailable, "full",
                           {.reason = "OVERLOADED", .retry_after = retry_after});
  };
  const RetryPolicy policy;
  EXPECT_EQ(Backoff(policy, 1, 0.5, asks(absl::Seconds(7))), absl::Seconds(7));
  EXPECT_EQ(Backoff(policy, 1, 0.5, asks(absl::Milliseconds(1))), absl::Milliseconds(100));
}

TEST(RetryTest, OnlyUnavailableIsTriedAgain) {
  int attempts = 0;
  EXPECT_OK(CallWithRetry(kHasty, absl::Seconds(60), [&](absl::Time) {
    return ++attempts < 3 ? absl::UnavailableError("away") : absl::OkStatus();
  }));
  EXPECT_EQ(attempts, 3);
  attempts = 0;
  EXPECT_THAT(CallWithRetry(kHasty, absl::Seconds(60),
                            [&](absl::Time) {
                              ++attempts;
                              return absl::InternalError("broken");
                            }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(attempts, 1);
}

TEST(RetryTest, GivesUpAfterTheLastAttemptOrBeforeTheDeadline) {
  int attempts = 0;
  const auto fail = [&](absl::Time) {
    ++attempts;
    return absl::UnavailableError("away");
  };
  EXPECT_THAT(CallWithRetry(kHasty, absl::Seconds(60), fail),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(attempts, 4);
  attempts = 0;
  const RetryPolicy patient{
      .attempts_max = 9, .backoff_initial = absl::Hours(1), .backoff_max = absl::Hours(1)};
  EXPECT_THAT(CallWithRetry(patient, absl::Seconds(60), fail),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(attempts, 1);
}

TEST(RetryTest, RequestIdsAreUuidsAndDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(MakeRequestId());
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_THAT(*ids.begin(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                         "[0-9a-f]{12}"));
}

}  // namespace
}  // namespace campaigner::client

#include "server/domain/retry.h"

#include <gtest/gtest.h>

#include <limits>

#include "server/base/limits.h"

namespace campaigner::domain {
namespace {

using base::limits::kRetryIntervalMax;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);
constexpr double kNoJitter = 0.5;  // The middle of the spread.
constexpr double kLatest = 0.999999;

TEST(RetryDelayTest, DoublesUpToItsCap) {
  const absl::Duration minute = absl::Minutes(1);
  EXPECT_EQ(RetryDelay(minute, 1, kNoJitter), absl::Minutes(1));
  EXPECT_EQ(RetryDelay(minute, 2, kNoJitter), absl::Minutes(2));
  EXPECT_EQ(RetryDelay(minute, 3, kNoJitter), absl::Minutes(4));
  EXPECT_EQ(RetryDelay(minute, 9, kNoJitter), absl::Minutes(256));
  EXPECT_EQ(RetryDelay(minute, 10, kNoJitter), kRetryIntervalMax);
  EXPECT_EQ(RetryDelay(minute, 100, kNoJitter), kRetryIntervalMax);
  EXPECT_EQ(RetryDelay(minute, std::numeric_limits<int32_t>::max(), kNoJitter), kRetryIntervalMax);
  EXPECT_EQ(RetryDelay(absl::Hours(48), 1, kNoJitter), kRetryIntervalMax);
  EXPECT_EQ(RetryDelay(absl::InfiniteDuration(), 1, kNoJitter), kRetryIntervalMax);
  // Before any attempt, and without an interval.
  EXPECT_EQ(RetryDelay(minute, 0, kNoJitter), absl::Minutes(1));
  EXPECT_EQ(RetryDelay(absl::ZeroDuration(), std::numeric_limits<int32_t>::max(), kNoJitter),
            absl::ZeroDuration());
}

TEST(RetryDelayTest, SpreadsByATenth) {
  EXPECT_EQ(RetryDelay(absl::Seconds(100), 1, 0), absl::Seconds(90));
  EXPECT_EQ(RetryDelay(absl::Seconds(100), 1, 0.75), absl::Seconds(105));
  EXPECT_GT(RetryDelay(absl::Seconds(100), 1, kLatest), absl::Milliseconds(109'999));
  EXPECT_LT(RetryDelay(absl::Seconds(100), 1, kLatest), absl::Seconds(110));
  EXPECT_LE(RetryDelay(absl::Hours(6), 1, kLatest), kRetryIntervalMax);
}

TEST(RetryDelayTest, IsInWholeMicroseconds) {
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration delay = RetryDelay(absl::Seconds(60), 1 + i % 5, i / 1000.0);
    EXPECT_EQ(delay, absl::Floor(delay, absl::Microseconds(1)));
  }
}

TEST(WebhookRetryDelayTest, GrowsAndEnds) {
  const absl::Duration delays[] = {absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
                                   absl::Minutes(10), absl::Hours(1),    absl::Hours(6),
                                   absl::Hours(24)};
  EXPECT_EQ(WebhookRetryDelay(0, kNoJitter), absl::ZeroDuration());
  for (int32_t tries = 1; tries <= 7; ++tries) {
    const absl::Duration delay = delays[tries - 1];
    EXPECT_EQ(WebhookRetryDelay(tries, kNoJitter), delay) << tries;
    EXPECT_EQ(WebhookRetryDelay(tries, 0), delay * 0.8) << tries;
    EXPECT_LT(WebhookRetryDelay(tries, kLatest), delay * 1.2) << tries;
    EXPECT_GT(WebhookRetryDelay(tries, kLatest), delay * 1.19) << tries;
  }
  EXPECT_EQ(WebhookRetryDelay(8, kNoJitter), std::nullopt);
  EXPECT_EQ(WebhookRetryDelay(std::numeric_limits<int32_t>::max(), kNoJitter), std::nullopt);
}

struct Result {
  MessageState state;
  StateReason reason = StateReason::kNone;
  std::optional<absl::Duration> pause = std::nullopt;
  bool operator==(const Result&) const = default;
};

Result Decided(const AttemptPolicy& policy, AttemptOutcome outcome, int32_t attempts_made,
               std::optional<absl::Duration> retry_after = std::nullopt,
               StateReason rejection = StateReason::kNone, double jitter = kNoJitter) {
  const AfterAttempt after =
      Decide(policy, outcome, rejection, attempts_made, retry_after, jitter, kNow);
  Result result{.state = after.state, .reason = after.reason};
  if (after.next_attempt_time) result.pause = *after.next_attempt_time - kNow;
  return result;
}

const AttemptPolicy kPolicy = {.attempts_max = 3, .retry_interval = absl::Seconds(60)};

TEST(DecideTest, AcceptedWaitsForAReceiptIfOneComes) {
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kAccepted, 1), Result{MessageState::kSent});
  AttemptPolicy no_receipts = kPolicy;
  no_receipts.accepted_is_delivered = true;
  EXPECT_EQ(Decided(no_receipts, AttemptOutcome::kAccepted, 1), Result{MessageState::kDelivered});
}

TEST(DecideTest, DefiniteFailuresEndAtOnce) {
  const struct {
    StateReason rejection;
    Result result;
  } cases[] = {
      {StateReason::kNone, {MessageState::kUndelivered, StateReason::kFailed}},
      {StateReason::kFailed, {MessageState::kUndelivered, StateReason::kFailed}},
      {StateReason::kUnavailable, {MessageState::kUndelivered, StateReason::kUnavailable}},
      {StateReason::kWrongRecipient, {MessageState::kRejected, StateReason::kWrongRecipient}},
      {StateReason::kForbidden, {MessageState::kRejected, StateReason::kForbidden}},
      {StateReason::kNoFunds, {MessageState::kRejected, StateReason::kNoFunds}},
      {StateReason::kOptedOut, {MessageState::kRejected, StateReason::kOptedOut}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kRejected, 1, std::nullopt, c.rejection), c.result)
        << static_cast<int>(c.rejection);
  }
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kMisconfigured, 1),
            (Result{MessageState::kUndelivered, StateReason::kFailed}));
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kOptedOut, 1),
            (Result{MessageState::kRejected, StateReason::kOptedOut}));
}

TEST(DecideTest, PassingFailuresAreTriedAgainWhileAttemptsAreLeft) {
  const Result exhausted{MessageState::kUndelivered, StateReason::kAttemptsExhausted};
  for (const AttemptOutcome outcome : {AttemptOutcome::kPassingFailure, AttemptOutcome::kUnknown}) {
    EXPECT_EQ(Decided(kPolicy, outcome, 1),
              (Result{MessageState::kAccepted, StateReason::kNone, absl::Seconds(60)}));
    EXPECT_EQ(Decided(kPolicy, outcome, 2),
              (Result{MessageState::kAccepted, StateReason::kNone, absl::Seconds(120)}));
    EXPECT_EQ(Decided(kPolicy, outcome, 3), exhausted);
    EXPECT_EQ(Decided(kPolicy, outcome, 4), exhausted);
  }
}

TEST(DecideTest, UnknownIsNotSentAgainWhereTheRouteSaysSo) {
  AttemptPolicy once = kPolicy;
  once.retry_unknown = false;
  EXPECT_EQ(Decided(once, AttemptOutcome::kUnknown, 1),
            (Result{MessageState::kUnknown, StateReason::kOutcomeUnknown}));
  EXPECT_EQ(Decided(once, AttemptOutcome::kPassingFailure, 1).state, MessageState::kAccepted);
}

TEST(DecideTest, UnknownWaitsForAReceiptThatMayStillCome) {
  AttemptPolicy patient = kPolicy;
  patient.unknown_wait = absl::Seconds(90);
  EXPECT_EQ(Decided(patient, AttemptOutcome::kUnknown, 1).pause, absl::Seconds(90));
  EXPECT_EQ(Decided(patient, AttemptOutcome::kUnknown, 2).pause, absl::Seconds(120));
  EXPECT_EQ(Decided(patient, AttemptOutcome::kPassingFailure, 1).pause, absl::Seconds(60));
}

TEST(DecideTest, NeverTriesAgainSoonerThanTheProviderWishes) {
  const auto pause = [](AttemptOutcome outcome, absl::Duration wish, double jitter) {
    return *Decided(kPolicy, outcome, 1, wish, StateReason::kNone, jitter).pause;
  };
  EXPECT_EQ(pause(AttemptOutcome::kPassingFailure, absl::Seconds(10), kNoJitter),
            absl::Seconds(60));
  EXPECT_EQ(pause(AttemptOutcome::kPassingFailure, absl::Seconds(300), kNoJitter),
            absl::Seconds(300));
  // Throttling follows the wish, and spreads by a tenth.
  EXPECT_EQ(pause(AttemptOutcome::kThrottled, absl::Seconds(10), 0), absl::Seconds(10));
  EXPECT_EQ(pause(AttemptOutcome::kThrottled, absl::Seconds(10), 0.5), absl::Milliseconds(10'500));
  for (int i = 0; i < 100; ++i) {
    const absl::Duration wish = absl::Nanoseconds(1'234'567'890 + i * 12'345);
    EXPECT_GE(pause(AttemptOutcome::kThrottled, wish, i / 100.0), wish);
    EXPECT_GE(pause(AttemptOutcome::kPassingFailure, wish, i / 100.0), wish);
  }
}

TEST(DecideTest, ThrottledCostsNoAttempt) {
  // The third attempt was throttled: two others were made.
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kThrottled, 2).state, MessageState::kAccepted);
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kThrottled, 0).pause, absl::Seconds(60));
  // The campaign allows fewer attempts by now.
  EXPECT_EQ(Decided(kPolicy, AttemptOutcome::kThrottled, 3),
            (Result{MessageState::kUndelivered, StateReason::kAttemptsExhausted}));
}

}  // namespace
}  // namespace campaigner::domain

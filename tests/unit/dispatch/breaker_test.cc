#include "server/dispatch/breaker.h"

#include <gtest/gtest.h>

#include <limits>

namespace campaigner::dispatch {
namespace {

using domain::AttemptOutcome;

constexpr int kAny = std::numeric_limits<int>::max();

class BreakerTest : public ::testing::Test {
 protected:
  void Fail(int times, AttemptOutcome outcome = AttemptOutcome::kUnknown) {
    for (int i = 0; i < times; ++i) breaker_.OnOutcome(outcome, now_);
  }
  // Lets the probe of a half-open breaker come back as `outcome`.
  void Probe(AttemptOutcome outcome) {
    EXPECT_EQ(breaker_.Allowance(now_), 1);
    breaker_.OnSubmit();
    EXPECT_EQ(breaker_.Allowance(now_), 0) << "one probe at a time";
    breaker_.OnOutcome(outcome, now_);
  }

  Breaker breaker_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
};

TEST_F(BreakerTest, OpensAfterFailuresInARowOnly) {
  Fail(Breaker::kFailuresMax - 1);
  breaker_.OnOutcome(AttemptOutcome::kAccepted, now_);
  Fail(Breaker::kFailuresMax - 1, AttemptOutcome::kPassingFailure);
  EXPECT_EQ(breaker_.Allowance(now_), kAny);
  Fail(1);
  EXPECT_EQ(breaker_.Allowance(now_), 0);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  EXPECT_EQ(breaker_.open_until(), now_ + Breaker::kOpenMin);
}

TEST_F(BreakerTest, RefusalsAreAnswersOfAWorkingProvider) {
  for (AttemptOutcome outcome :
       {AttemptOutcome::kRejected, AttemptOutcome::kThrottled, AttemptOutcome::kOptedOut}) {
    Fail(1000, outcome);
    EXPECT_EQ(breaker_.Allowance(now_), kAny);
  }
}

TEST_F(BreakerTest, OneProbeDecides) {
  Fail(Breaker::kFailuresMax);
  now_ = breaker_.open_until() - absl::Microseconds(1);
  EXPECT_EQ(breaker_.Allowance(now_), 0);
  now_ = breaker_.open_until();
  Probe(AttemptOutcome::kUnknown);
  EXPECT_EQ(breaker_.open_until(), now_ + 2 * Breaker::kOpenMin) << "each time twice as long";
  now_ = breaker_.open_until();
  Probe(AttemptOutcome::kAccepted);
  EXPECT_EQ(breaker_.Allowance(now_), kAny);
  Fail(Breaker::kFailuresMax);
  EXPECT_EQ(breaker_.open_until(), now_ + Breaker::kOpenMin) << "success forgets the doubling";
}

TEST_F(BreakerTest, PauseGrowsToItsLimit) {
  Fail(Breaker::kFailuresMax);
  for (int i = 0; i < 20; ++i) {
    now_ = breaker_.open_until();
    Probe(AttemptOutcome::kPassingFailure);
  }
  EXPECT_EQ(breaker_.open_until(), now_ + Breaker::kOpenMax);
}

TEST_F(BreakerTest, MisconfiguredOpensAtOnceAndLonger) {
  Fail(1, AttemptOutcome::kMisconfigured);
  EXPECT_EQ(breaker_.open_until(), now_ + Breaker::kMisconfiguredMin);
}

TEST_F(BreakerTest, LateAnswersSayNothingNew) {
  Fail(Breaker::kFailuresMax);
  const absl::Time until = breaker_.open_until();
  Fail(1000);
  breaker_.OnOutcome(AttemptOutcome::kAccepted, now_);
  EXPECT_EQ(breaker_.Allowance(now_), 0);
  EXPECT_EQ(breaker_.open_until(), until);
}

}  // namespace
}  // namespace campaigner::dispatch

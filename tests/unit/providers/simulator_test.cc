#include "server/providers/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <map>
#include <semaphore>

#include "tests/support/status_matchers.h"
#include "tests/unit/providers/submit_and_wait.h"

namespace campaigner::providers {
namespace {

using ::campaigner::testing::StatusIs;
using domain::AttemptOutcome;
using domain::MessageState;
using ::testing::HasSubstr;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

std::vector<Submission> Batch(int64_t first_id, int count, int32_t attempt = 1) {
  std::vector<Submission> batch;
  for (int i = 0; i < count; ++i) {
    Submission submission = AnySubmission();
    submission.message_id = first_id + i;
    submission.attempt_number = attempt;
    batch.push_back(submission);
  }
  return batch;
}

// Steps by hand: RunOnce is the test's.
class SimulatorTest : public ::testing::Test {
 protected:
  std::unique_ptr<SimulatorProvider> Make(SimulatorOptions options) {
    options.own_thread = false;
    auto made = SimulatorProvider::Make("sim", options, clock_, [this](std::vector<Receipt> got) {
      ++calls_;
      receipts_.insert(receipts_.end(), got.begin(), got.end());
    });
    EXPECT_OK(made);
    return *std::move(made);
  }
  static std::vector<AttemptOutcome> Submit(Provider& provider, std::vector<Submission> batch) {
    std::vector<AttemptOutcome> outcomes;
    provider.Submit(std::move(batch), [&](const std::vector<SubmitOutcome>& got) {
      for (const SubmitOutcome& outcome : got) outcomes.push_back(outcome.outcome);
    });
    return outcomes;
  }

  base::FakeClock clock_{kStart};
  int calls_ = 0;
  std::vector<Receipt> receipts_;
};

TEST_F(SimulatorTest, ReportsBackAfterTheDelayAndNotBefore) {
  const auto simulator = Make({.receipt_delay = absl::Seconds(1)});
  EXPECT_EQ(simulator->RunOnce(kStart), absl::InfiniteFuture());
  EXPECT_EQ(Submit(*simulator, Batch(7, 2)),
            (std::vector{AttemptOutcome::kAccepted, AttemptOutcome::kAccepted}));
  const absl::Time due = kStart + absl::Seconds(1);
  EXPECT_EQ(simulator->RunOnce(due - absl::Microseconds(1)), due);
  EXPECT_TRUE(receipts_.empty());
  EXPECT_EQ(simulator->RunOnce(due), absl::InfiniteFuture());
  ASSERT_EQ(receipts_.size(), 2u);
  EXPECT_EQ(receipts_[0].message_id, 7);
  EXPECT_EQ(receipts_[1].message_id, 8);
  EXPECT_EQ(receipts_[0].state, MessageState::kDelivered);
  EXPECT_EQ(receipts_[0].reason, domain::StateReason::kNone);
}

TEST_F(SimulatorTest, GathersReceiptsIntoTicks) {
  const auto simulator = Make({.receipt_delay = absl::Milliseconds(100)});
  for (int i = 0; i < 10; ++i) {
    clock_.Set(kStart + absl::Milliseconds(1) * (i + 1));
    Submit(*simulator, Batch(i, 1));
  }
  EXPECT_EQ(simulator->RunOnce(kStart), kStart + absl::Milliseconds(110));
  EXPECT_EQ(simulator->RunOnce(kStart + absl::Milliseconds(110)), absl::InfiniteFuture());
  EXPECT_EQ(receipts_.size(), 10u);
  EXPECT_EQ(calls_, 1);
}

TEST_F(SimulatorTest, HandsOutInBoundedBatches) {
  const auto simulator = Make({.receipt_delay = absl::ZeroDuration()});
  for (int i = 0; i < 5; ++i) Submit(*simulator, Batch(i * 1000, 700));
  simulator->RunOnce(kStart);
  EXPECT_EQ(receipts_.size(), 3500u);
  EXPECT_EQ(calls_, 4);
}

TEST_F(SimulatorTest, KeepsToItsShares) {
  const auto simulator = Make({.receipt_delay = absl::ZeroDuration(),
                               .undelivered_percent = 10,
                               .rejected_percent = 5,
                               .silent_percent = 20});
  constexpr int kCount = 20'000;
  std::map<AttemptOutcome, int> outcomes;
  for (int i = 0; i < kCount; i += 1000) {
    for (const AttemptOutcome outcome : Submit(*simulator, Batch(i, 1000))) ++outcomes[outcome];
  }
  simulator->RunOnce(kStart);
  std::map<MessageState, int> states;
  for (const Receipt& receipt : receipts_) ++states[receipt.state];
  EXPECT_NEAR(outcomes[AttemptOutcome::kRejected], kCount * 0.05, kCount * 0.01);
  EXPECT_NEAR(outcomes[AttemptOutcome::kAccepted], kCount * 0.95, kCount * 0.01);
  EXPECT_NEAR(states[MessageState::kUndelivered], kCount * 0.10, kCount * 0.01);
  EXPECT_NEAR(states[MessageState::kDelivered], kCount * 0.65, kCount * 0.01);
}

TEST_F(SimulatorTest, TheSameSeedGivesTheSameFate) {
  const SimulatorOptions options{.undelivered_percent = 30,
                                 .rejected_percent = 30,
                                 .passing_failure_percent = 30,
                                 .silent_percent = 30,
                                 .seed = 7};
  SimulatorOptions other = options;
  other.seed = 8;
  const auto first = Submit(*Make(options), Batch(1, 1000));
  EXPECT_EQ(Submit(*Make(options), Batch(1, 1000)), first);
  EXPECT_NE(Submit(*Make(other), Batch(1, 1000)), first);
}

TEST_F(SimulatorTest, ARetryMeetsTheSameFateOnceItGetsThrough) {
  const auto simulator = Make({.receipt_delay = absl::ZeroDuration(),
                               .rejected_percent = 50,
                               .passing_failure_percent = 40});
  std::vector<AttemptOutcome> final_outcomes(1000, AttemptOutcome::kPassingFailure);
  int passing_failures = 0;
  for (int32_t attempt = 1; attempt <= 30; ++attempt) {
    const auto outcomes = Submit(*simulator, Batch(0, 1000, attempt));
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == AttemptOutcome::kPassingFailure) {
        ++passing_failures;
      } else if (final_outcomes[i] == AttemptOutcome::kPassingFailure) {
        final_outcomes[i] = outcomes[i];
      } else {
        EXPECT_EQ(outcomes[i], final_outcomes[i]);
      }
    }
  }
  EXPECT_NEAR(passing_failures, 12'000, 600);
  EXPECT_THAT(final_outcomes, ::testing::Not(::testing::Contains(AttemptOutcome::kPassingFailure)));
}

TEST_F(SimulatorTest, WhatIsSentAgainByHandMayFareBetter) {
  const auto simulator =
      Make({.receipt_delay = absl::ZeroDuration(), .undelivered_percent = 50, .seed = 3});
  for (const int32_t round : {0, 0, 1, 70}) {
    std::vector<Submission> batch = Batch(1, 1000);
    for (Submission& submission : batch) submission.round = round;
    Submit(*simulator, std::move(batch));
  }
  simulator->RunOnce(kStart);
  ASSERT_EQ(receipts_.size(), 4000u);
  int changed = 0;
  for (size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(receipts_[1000 + i].state, receipts_[i].state);
    EXPECT_EQ(receipts_[2000 + i].round, 1);
    EXPECT_EQ(receipts_[3000 + i].round, 70);
    if (receipts_[2000 + i].state != receipts_[i].state) ++changed;
  }
  EXPECT_NEAR(changed, 500, 100);
}

TEST_F(SimulatorTest, HoldsItsOrderWhenTheClockIsSetBack) {
  struct TurnableClock final : base::Clock {
    absl::Time Now() const override { return now; }
    void SleepUntil(base::WakeSignal&, absl::Time) override {}
    absl::Time now = kStart;
  } clock;
  const auto simulator =
      SimulatorProvider::Make("sim", {.receipt_delay = absl::Seconds(1), .own_thread = false},
                              clock, [this](std::vector<Receipt> got) {
                                receipts_.insert(receipts_.end(), got.begin(), got.end());
                              });
  ASSERT_OK(simulator);
  Submit(**simulator, Batch(1, 1));
  clock.now = kStart - absl::Hours(1);
  Submit(**simulator, Batch(2, 1));
  EXPECT_EQ((*simulator)->RunOnce(clock.now), kStart + absl::Seconds(1));
  (*simulator)->RunOnce(kStart + absl::Seconds(1));
  ASSERT_EQ(receipts_.size(), 2u);
  EXPECT_EQ(receipts_[1].message_id, 2);
}

TEST_F(SimulatorTest, ItsThreadFollowsTheClock) {
  std::counting_semaphore<> received(0);
  const auto simulator = SimulatorProvider::Make(
      "sim", {.receipt_delay = absl::Hours(1)}, clock_, [&](const std::vector<Receipt>& got) {
        received.release(static_cast<std::ptrdiff_t>(got.size()));
      });
  ASSERT_OK(simulator);
  for (int round = 0; round < 3; ++round) {
    Submit(**simulator, Batch(round * 100, 100));
    clock_.Advance(absl::Hours(1) + SimulatorProvider::kTick);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(received.try_acquire_for(std::chrono::seconds(20)));
  }
  Submit(**simulator, Batch(1000, 1));
  (*simulator)->Stop();
}

TEST_F(SimulatorTest, StopDropsWhatIsPending) {
  const auto simulator = Make({.receipt_delay = absl::Seconds(1)});
  Submit(*simulator, Batch(1, 10));
  simulator->Stop();
  simulator->Stop();
  EXPECT_EQ(simulator->RunOnce(kStart + absl::Hours(1)), absl::InfiniteFuture());
  EXPECT_EQ(Submit(*simulator, Batch(11, 1)).size(), 1u);
  EXPECT_EQ(simulator->RunOnce(kStart + absl::Hours(1)), absl::InfiniteFuture());
  EXPECT_TRUE(receipts_.empty());
}

TEST_F(SimulatorTest, NamesTheFieldThatIsWrong) {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<SimulatorOptions, const char*>> cases = {
      {{.undelivered_percent = -1}, "providers[sim].simulator.undelivered_percent"},
      {{.rejected_percent = 101}, "providers[sim].simulator.rejected_percent"},
      {{.passing_failure_percent = not_a_number},
       "providers[sim].simulator.passing_failure_percent"},
      {{.silent_percent = 1e300}, "providers[sim].simulator.silent_percent"},
      {{.undelivered_percent = 50, .rejected_percent = 30, .silent_percent = 30}, "together"},
      {{.receipt_delay = absl::Seconds(-1)}, "providers[sim].simulator.receipt_delay"},
      {{.receipt_delay = absl::InfiniteDuration()}, "providers[sim].simulator.receipt_delay"},
  };
  for (const auto& [options, field] : cases) {
    EXPECT_THAT(SimulatorProvider::Make("sim", options, clock_, [](std::vector<Receipt>) {}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  }
}

}  // namespace
}  // namespace campaigner::providers

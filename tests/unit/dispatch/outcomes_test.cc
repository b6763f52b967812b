#include "server/dispatch/outcomes.h"

#include <gtest/gtest.h>

namespace campaigner::dispatch {
namespace {

using domain::AttemptOutcome;
using domain::MessageState;

class OutcomesTest : public ::testing::Test {
 protected:
  OutcomesTest() {
    campaign_.message_attempts = 2;
    campaign_.retry_interval = absl::Seconds(60);
    campaign_.status_timeout = absl::Hours(1);
  }
  storage::OutcomeRecord Made(AttemptOutcome outcome, int32_t number = 1) {
    domain::Attempt attempt;
    attempt.number = number;
    providers::SubmitOutcome result;
    result.outcome = outcome;
    result.provider_message_id = "p-1";
    return AttemptMade(7, 8, attempt, result,
                       {.campaign = campaign_,
                        .retry_unknown = retry_unknown_,
                        .attempt_base = attempt_base_,
                        .accepted_is_delivered = accepted_is_delivered_,
                        .time_left = time_left_,
                        .jitter = 0.5,
                        .now = now_});
  }

  domain::Campaign campaign_;
  bool retry_unknown_ = true;
  int32_t attempt_base_ = 0;
  bool accepted_is_delivered_ = false;
  absl::Duration time_left_ = absl::Hours(1);
  const absl::Time now_ = absl::FromUnixSeconds(1'000'000);
};

TEST_F(OutcomesTest, AttemptsBeforeAManualRetryDoNotCount) {
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure, 2).after.state, MessageState::kUndelivered);
  attempt_base_ = 2;
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure, 3).after.state, MessageState::kAccepted);
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure, 4).after.state, MessageState::kUndelivered);
}

TEST_F(OutcomesTest, AcceptedWaitsForItsStatus) {
  const storage::OutcomeRecord record = Made(AttemptOutcome::kAccepted);
  EXPECT_EQ(record.message_id, 7);
  EXPECT_EQ(record.claim_id, 8);
  EXPECT_EQ(record.after.state, MessageState::kSent);
  EXPECT_EQ(record.status_deadline, now_ + absl::Hours(1));
  EXPECT_EQ(record.attempt.outcome, AttemptOutcome::kAccepted);
  EXPECT_EQ(record.attempt.provider_message_id, "p-1");
  EXPECT_TRUE(record.counts_as_attempt);
  EXPECT_TRUE(record.was_attempted);
}

TEST_F(OutcomesTest, AcceptedIsTheEndWhereNoReceiptsCome) {
  accepted_is_delivered_ = true;
  const storage::OutcomeRecord record = Made(AttemptOutcome::kAccepted);
  EXPECT_EQ(record.after.state, MessageState::kDelivered);
  EXPECT_EQ(record.status_deadline, std::nullopt);
}

TEST_F(OutcomesTest, NextAttemptComesBeforeTheSendingTimeoutEnds) {
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure).after.next_attempt_time,
            now_ + absl::Seconds(60));
  time_left_ = absl::Seconds(10);
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure).after.next_attempt_time,
            now_ + absl::Seconds(10));
  time_left_ = -absl::Seconds(10);
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure).after.next_attempt_time, now_);
}

TEST_F(OutcomesTest, ThrottlingCostsNoAttempt) {
  const storage::OutcomeRecord last = Made(AttemptOutcome::kThrottled, 2);
  EXPECT_EQ(last.after.state, MessageState::kAccepted);
  EXPECT_FALSE(last.counts_as_attempt);
  EXPECT_EQ(Made(AttemptOutcome::kPassingFailure, 2).after.state, MessageState::kUndelivered);
}

TEST_F(OutcomesTest, RouteDecidesAboutUnknown) {
  EXPECT_EQ(Made(AttemptOutcome::kUnknown).after.state, MessageState::kAccepted);
  retry_unknown_ = false;
  EXPECT_EQ(Made(AttemptOutcome::kUnknown).after.state, MessageState::kUnknown);
}

TEST_F(OutcomesTest, WhatNobodySawLeavesNoAttempt) {
  storage::ClaimedMessage message;
  message.id = 7;
  message.claim_id = 8;
  const storage::OutcomeRecord given_back = GivenBack(message, now_);
  EXPECT_EQ(given_back.after.state, MessageState::kAccepted);
  EXPECT_EQ(given_back.after.next_attempt_time, std::nullopt) << "ready at once";
  EXPECT_FALSE(given_back.was_attempted);
  EXPECT_FALSE(given_back.counts_as_attempt);
  const storage::OutcomeRecord expired = ExpiredUnsent(message, now_);
  EXPECT_EQ(expired.after.state, MessageState::kExpired);
  EXPECT_EQ(expired.after.reason, domain::StateReason::kSendingTimeout);
  EXPECT_FALSE(expired.was_attempted);
}

}  // namespace
}  // namespace campaigner::dispatch

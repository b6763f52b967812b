#include <algorithm>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreTest, AMessageGoesAllTheWay) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);

  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_THAT(claimed.messages, SizeIs(1));
  const ClaimedMessage& message = claimed.messages[0];
  EXPECT_EQ(message.id, id);
  EXPECT_EQ(message.attempt_number, 1);
  EXPECT_EQ(message.recipient, "79201234567");
  EXPECT_EQ(message.text, std::nullopt);
  EXPECT_EQ(message.template_version, 1);
  EXPECT_EQ(message.fields, (domain::Fields{{"name", "Ann"}}));
  EXPECT_EQ(message.create_time, kNow);
  EXPECT_THAT(claimed.drained, SizeIs(1));
  EXPECT_EQ(StateOf(id), MessageState::kSending);

  ASSERT_OK(Record({SentOutcome(message, kNow + absl::Seconds(1))}));
  EXPECT_EQ(StateOf(id), MessageState::kSent);
  EXPECT_EQ(Get(id).send_time, kNow + absl::Seconds(1));

  const auto receipts = Receive({Receipt(id, MessageState::kDelivered)}, kNow + absl::Seconds(2));
  ASSERT_OK(receipts);
  EXPECT_EQ(receipts->applied, 1);
  const domain::Message delivered = Get(id);
  EXPECT_EQ(delivered.state, MessageState::kDelivered);
  EXPECT_EQ(delivered.final_time, kNow + absl::Seconds(2));
  EXPECT_EQ(delivered.text, "Hello Ann");
  EXPECT_EQ(delivered.attempt_count, 1);
  ASSERT_THAT(delivered.attempts, SizeIs(1));
  EXPECT_EQ(delivered.attempts[0].provider_message_id, "p-" + std::to_string(id));
  ExpectCountersFit(campaign.account_id, campaign.id);

  const auto endpoints = store_->ListPendingEndpoints(0, 10);
  ASSERT_OK(endpoints);
  ASSERT_THAT(*endpoints, SizeIs(1));
  const ClaimedWebhooks webhooks =
      ClaimWebhooks((*endpoints)[0].endpoint_id, 10, kNow + absl::Seconds(3));
  ASSERT_THAT(webhooks.deliveries, SizeIs(1));
  EXPECT_EQ(webhooks.deliveries[0].url, "https://example.com/hook");
  EXPECT_EQ(webhooks.deliveries[0].account_id, campaign.account_id);
  EXPECT_THAT(webhooks.deliveries[0].payload, ::testing::HasSubstr("delivered"));
  ASSERT_OK(RecordWebhooks({{.id = webhooks.deliveries[0].id,
                             .next_attempt_time = {},
                             .http_status = 200,
                             .error = ""}}));
  EXPECT_THAT(*store_->ListPendingEndpoints(0, 10), IsEmpty());
}

TEST_P(StoreTest, WhatAReceiptSaysStaysWithTheAttempt) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 2);
  const std::vector<ClaimedMessage> claimed = Claim({{campaign.id, route_id, 2}}).messages;
  OutcomeRecord retried = RetryOutcome(claimed.at(0), kNow + absl::Seconds(60));
  OutcomeRecord taken = SentOutcome(claimed.at(1));
  taken.attempt.provider_message_id.clear();
  taken.attempt.detail = "0: Accepted";
  ASSERT_OK(Record({retried, taken}));
  ASSERT_OK(store_->PromoteDue(kNow + absl::Seconds(60), 10));
  ASSERT_OK(Record({SentOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0))}));

  ReceiptRecord receipt = Receipt(id, MessageState::kSent);
  receipt.provider_message_id = "smsc-1";
  receipt.detail = "buffered";
  ReceiptRecord other = Receipt(id + 1, MessageState::kSent);
  other.provider_message_id = "smsc-2";
  EXPECT_EQ(Receive({receipt, other})->ignored, 2) << "both were SENT before";
  const domain::Message first = Get(id);
  ASSERT_THAT(first.attempts, SizeIs(2));
  EXPECT_EQ(first.attempts[0].receipt_detail, "");
  EXPECT_EQ(first.attempts[0].detail, "connection refused");
  EXPECT_EQ(first.attempts[1].receipt_detail, "buffered");
  EXPECT_EQ(first.attempts[1].provider_message_id, "p-" + std::to_string(id));
  const domain::Message second = Get(id + 1);
  EXPECT_EQ(second.attempts.at(0).provider_message_id, "smsc-2");
  EXPECT_EQ(second.attempts.at(0).detail, "0: Accepted");

  // Silence takes nothing back; what comes after the end does not speak against it.
  receipt = Receipt(id, MessageState::kUndelivered);
  receipt.detail = "stat:EXPIRED";
  ReceiptRecord late = Receipt(id, MessageState::kDelivered);
  late.detail = "stat:DELIVRD";
  ASSERT_OK(Receive({Receipt(id, MessageState::kSent)}));
  EXPECT_EQ(Get(id).attempts.at(1).receipt_detail, "buffered");
  ASSERT_OK(Receive({receipt}));
  ASSERT_OK(Receive({Receipt(id, MessageState::kUndelivered), late}));
  EXPECT_EQ(Get(id).attempts.at(1).receipt_detail,
            domain::CanBecome(MessageState::kUndelivered, MessageState::kDelivered)
                ? "stat:DELIVRD"
                : "stat:EXPIRED");
}

TEST_P(StoreTest, AReceiptThatIsSoonerThanTheAnswerKeepsItsWords) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  const ClaimedMessage message = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  ReceiptRecord receipt = Receipt(id, MessageState::kDelivered);
  receipt.provider_message_id = "smsc-1";
  receipt.detail = "stat:DELIVRD";
  ASSERT_OK(Receive({receipt}));
  ASSERT_THAT(Get(id).attempts, SizeIs(1));
  EXPECT_EQ(Get(id).attempts[0].outcome, domain::AttemptOutcome::kAccepted);
  OutcomeRecord outcome = SentOutcome(message, kNow + absl::Seconds(1));
  outcome.attempt.provider_message_id.clear();
  outcome.attempt.detail = "0: Accepted";
  ASSERT_OK(Record({outcome}));
  const domain::Message delivered = Get(id);
  EXPECT_EQ(delivered.state, MessageState::kDelivered);
  EXPECT_EQ(delivered.attempt_count, 1);
  ASSERT_THAT(delivered.attempts, SizeIs(1));
  EXPECT_EQ(delivered.attempts[0].provider_message_id, "smsc-1");
  EXPECT_EQ(delivered.attempts[0].detail, "0: Accepted");
  EXPECT_EQ(delivered.attempts[0].receipt_detail, "stat:DELIVRD");
  EXPECT_EQ(delivered.attempts[0].end_time, kNow + absl::Seconds(1));
}

TEST_P(StoreTest, UnknownOutcomesAreCountedOverAllStarts) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  AcceptSome(campaign, route_id, 3);
  std::vector<OutcomeRecord> outcomes;
  for (const ClaimedMessage& message : Claim({{campaign.id, route_id, 3}}).messages) {
    outcomes.push_back(RetryOutcome(message, kNow + absl::Seconds(60)));
  }
  outcomes.at(0).attempt.outcome = domain::AttemptOutcome::kUnknown;
  outcomes.at(1).attempt.outcome = domain::AttemptOutcome::kUnknown;
  ASSERT_OK(Record(std::move(outcomes)));
  EXPECT_EQ(*store_->CountUnknownOutcomes(), 2);
  Reopen();
  EXPECT_EQ(*store_->CountUnknownOutcomes(), 2);
}

}  // namespace
}  // namespace campaigner::storage

#include "server/domain/template.h"
#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time At(int seconds) { return kNow + absl::Seconds(seconds); }

TEST_P(StoreTest, AScheduledMessageWaitsForItsTime) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  domain::NewMessage message = NewMessage(campaign.id, route_id);
  message.schedule_time = At(10);
  AcceptOne(campaign, message);
  message.schedule_time = At(20);
  AcceptOne(campaign, message);
  message.schedule_time = At(-1);  // Over already: at once.
  AcceptOne(campaign, message);
  EXPECT_THAT(Claim({{campaign.id, route_id, 9}}).messages, SizeIs(1));
  EXPECT_EQ(*store_->NextPromotion(), At(10));
  const auto step = store_->PromoteDue(At(20), 1);
  ASSERT_OK(step);
  EXPECT_EQ(step->rows, 1);
  EXPECT_TRUE(step->more);
  EXPECT_EQ(*store_->NextPromotion(), At(20));
  EXPECT_EQ(store_->PromoteDue(At(20), 10)->rows, 1);
  EXPECT_THAT(Claim({{campaign.id, route_id, 9}}).messages, SizeIs(2));
}

TEST_P(StoreTest, TheSendingTimeoutCountsOpenTime) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_a = MakeRoute("a");
  const int64_t route_b = MakeRoute("b");
  ASSERT_OK(store_->SetCampaignOpen(campaign.id, true, kNow));
  const int64_t first = AcceptSome(campaign, route_a, 2, At(10));
  const int64_t second = AcceptSome(campaign, route_b, 1, At(10));
  const int64_t third = AcceptSome(campaign, route_a, 1, At(11));
  const auto step = store_->ExpireReady(campaign.id, absl::Seconds(10), At(99), 2);
  ASSERT_OK(step);
  EXPECT_EQ(step->rows, 2);
  EXPECT_TRUE(step->more);
  const auto rest = store_->ExpireReady(campaign.id, absl::Seconds(10), At(99), 2);
  EXPECT_EQ(rest->rows, 1);
  EXPECT_FALSE(rest->more);
  EXPECT_EQ(Get(first).state, MessageState::kExpired);
  EXPECT_EQ(Get(first).reason, StateReason::kSendingTimeout);
  EXPECT_EQ(Get(first).final_time, At(99));
  EXPECT_EQ(StateOf(second), MessageState::kExpired);
  EXPECT_EQ(StateOf(third), MessageState::kAccepted);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, TheStatusTimeoutEndsWhatWasSent) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 3);
  const Claimed claimed = Claim({{campaign.id, route_id, 3}});
  std::vector<OutcomeRecord> outcomes;
  for (int i = 0; i < 3; ++i) {
    outcomes.push_back(SentOutcome(claimed.messages[static_cast<size_t>(i)]));
    outcomes.back().status_deadline = At(10 * (i + 1));
  }
  ASSERT_OK(Record(outcomes));
  EXPECT_EQ(*store_->NextStatusDeadline(), At(10));
  ASSERT_OK(Receive({Receipt(first, MessageState::kPartiallyDelivered),
                     Receipt(first + 1, MessageState::kDelivered)}));
  EXPECT_EQ(store_->ExpireStatuses(At(9), 10)->rows, 0);
  EXPECT_EQ(store_->ExpireStatuses(At(29), 10)->rows, 1);
  EXPECT_EQ(Get(first).state, MessageState::kExpired);
  EXPECT_EQ(Get(first).reason, StateReason::kStatusTimeout);
  EXPECT_EQ(*store_->NextStatusDeadline(), At(30));
  EXPECT_EQ(store_->ExpireStatuses(At(30), 10)->rows, 1);
  EXPECT_EQ(*store_->NextStatusDeadline(), std::nullopt);
  EXPECT_EQ(StateOf(first + 1), MessageState::kDelivered);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, WhatWaitsIsEndedWithItsCampaign) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 3);
  domain::NewMessage scheduled = NewMessage(campaign.id, route_id);
  scheduled.schedule_time = At(10);
  const int64_t waiting = AcceptOne(campaign, scheduled);
  const int64_t foreign = AcceptSome(other, route_id, 1);
  const ClaimedMessage sending = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  const auto end = [&](int32_t limit) {
    return *store_->EndWaiting(campaign.id, MessageState::kExpired, StateReason::kCampaignFinished,
                               At(1), limit);
  };
  const StepResult step = end(2);
  EXPECT_EQ(step.rows, 2);
  EXPECT_TRUE(step.more);
  EXPECT_EQ(end(2).rows, 1);
  EXPECT_EQ(end(2).rows, 0);
  EXPECT_EQ(StateOf(first), MessageState::kSending);
  EXPECT_EQ(Get(waiting).reason, StateReason::kCampaignFinished);
  EXPECT_EQ(StateOf(foreign), MessageState::kAccepted);

  EXPECT_FALSE(*store_->FinishIfDone(campaign.id, kNow));
  const auto finish = [](Campaign& running) {
    running.state = CampaignState::kSent;
    return absl::OkStatus();
  };
  ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, finish));
  EXPECT_FALSE(*store_->FinishIfDone(campaign.id, kNow));
  ASSERT_OK(Record({SentOutcome(sending)}));
  ASSERT_OK(Receive({Receipt(first, MessageState::kDelivered)}));
  EXPECT_TRUE(*store_->FinishIfDone(campaign.id, kNow));
  EXPECT_EQ((*store_->GetCampaign(campaign.id))->state, CampaignState::kDone);
  EXPECT_FALSE(*store_->FinishIfDone(campaign.id, kNow));
  EXPECT_THAT(store_->FinishIfDone(campaign.id + 9, kNow), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_P(StoreTest, ACampaignEndsWhenAllIsSent) {
  const auto ending = [](Campaign& campaign) { campaign.finish_when_sent = true; };
  const Campaign campaign = MakeCampaign(MakeAccount().id, ending);
  const Campaign open = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  ASSERT_OK(store_->SetCampaignOpen(campaign.id, true, kNow));
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, At(1))) << "there is nothing yet";
  AcceptSome(campaign, route_id, 1);
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, At(1)));
  const ClaimedMessage sending = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, At(1)));
  ASSERT_OK(Record({SentOutcome(sending)}));
  EXPECT_TRUE(*store_->FinishIfSent(campaign.id, At(1)));
  EXPECT_EQ((*store_->GetCampaign(campaign.id))->state, CampaignState::kSent);
  EXPECT_EQ(*store_->GetOpenTime(campaign.id, At(9)), absl::Seconds(1));
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, At(1)));
  EXPECT_THAT(store_->FinishIfSent(campaign.id + 9, kNow), HasReason("CAMPAIGN_NOT_FOUND"));
  AcceptSome(open, route_id, 1);
  ASSERT_OK(Record({SentOutcome(Claim({{open.id, route_id, 1}}).messages.at(0))}));
  EXPECT_FALSE(*store_->FinishIfSent(open.id, At(1))) << "it was not asked to";
}

TEST_P(StoreTest, QuietHoursStopTheSendingTimeout) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  ASSERT_OK(store_->SetCampaignOpen(campaign.id, true, kNow));
  const int64_t id = AcceptSome(campaign, route_id, 1, At(10));
  EXPECT_FALSE(store_->PeekWaiting(campaign.id)->has_value());
  int32_t attempt = 1;
  for (const int waited : {0, 7}) {
    OutcomeRecord quiet;
    const ClaimedMessage message = Claim({{campaign.id, route_id, 1}}).messages.at(0);
    quiet.message_id = message.id;
    quiet.claim_id = message.claim_id;
    quiet.was_attempted = quiet.counts_as_attempt = false;
    quiet.after.state = MessageState::kAccepted;
    quiet.after.next_attempt_time = At(1000);
    quiet.waited = absl::Seconds(waited);
    ASSERT_OK(Record({quiet}, At(20)));
    const auto waiting = store_->PeekWaiting(campaign.id);
    ASSERT_OK(waiting);
    ASSERT_TRUE(waiting->has_value());
    EXPECT_EQ((*waiting)->next_due, At(1000));
    EXPECT_TRUE((*waiting)->is_quiet);
    EXPECT_EQ(store_->PromoteDue(At(1000), 9)->rows, 1);
    // As if it had become ready so long before.
    const ClaimedMessage again = Claim({{campaign.id, route_id, 1}}).messages.at(0);
    EXPECT_EQ(again.eligible_open_time, absl::Seconds(1000 - waited));
    EXPECT_EQ(again.attempt_number, attempt++) << "it cost none";
    ASSERT_OK(Record({RetryOutcome(again, At(1000))}, At(1000)));
    EXPECT_FALSE((*store_->PeekWaiting(campaign.id))->is_quiet);
    EXPECT_EQ(store_->PromoteDue(At(1000), 9)->rows, 1);
  }
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, WhatReallyWentOutIsKept) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  domain::NewMessage message = NewMessage(campaign.id, route_id);
  message.text.reset();
  message.template_version = 0;
  const int64_t id = AcceptOne(campaign, message);
  EXPECT_EQ(Get(id).text, domain::Render(campaign.template_text, message.fields));
  OutcomeRecord sent = SentOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0));
  sent.segments = 5;
  sent.template_version = campaign.template_version;
  ASSERT_OK(Record({sent}));
  EXPECT_EQ(Get(id).segments, 5);
  ExpectCountersFit(campaign.account_id, campaign.id);
  ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, [](Campaign& changed) {
    changed.template_text = "another";
    return absl::OkStatus();
  }));
  EXPECT_EQ(Get(id).text, domain::Render(campaign.template_text, message.fields));
}

TEST_P(StoreTest, PruningTakesWhatIsOldAndLeavesTheRest) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 6);
  const Claimed claimed = Claim({{campaign.id, route_id, 6}});
  ASSERT_OK(Record({SentOutcome(claimed.messages[0]), SentOutcome(claimed.messages[1]),
                    SentOutcome(claimed.messages[2])}));
  ASSERT_OK(Receive({Receipt(first, MessageState::kDelivered)}, At(0)));
  ASSERT_OK(Receive({Receipt(first + 1, MessageState::kDelivered)}, At(100)));
  const ClaimedWebhooks webhooks =
      ClaimWebhooks(store_->ListPendingEndpoints(0, 1)->at(0).endpoint_id, 10, At(200));
  ASSERT_OK(RecordWebhooks({{.id = webhooks.deliveries.at(0).id,
                             .next_attempt_time = std::nullopt,
                             .http_status = 200,
                             .error = ""}}));
  int32_t rows = 0;
  StepResult step;
  do {
    step = *store_->Prune(At(50), At(50), 1);
    rows += step.rows;
  } while (step.more);
  EXPECT_EQ(rows, 1);  // A message; its webhook goes with it.
  EXPECT_THAT(store_->GetMessage(0, first, true), HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_EQ(StateOf(first + 1), MessageState::kDelivered);
  EXPECT_EQ(StateOf(first + 2), MessageState::kSent);
  EXPECT_EQ(StateOf(first + 3), MessageState::kSending);
  const auto left = store_->ListWebhooks(
      {.account_id = campaign.account_id, .campaign_id = campaign.id, .states = {}}, 0, 10);
  ASSERT_OK(left);
  EXPECT_THAT(left->deliveries, SizeIs(1));
  // Statistics outlive the messages.
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kDelivered), 2);
}

// A round ends at the first message that is too young, and not at the last of all.
TEST_P(StoreTest, PruningLooksAtNothingYoung) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  // After a start everything is looked at once.
  while (store_->Prune(At(0), At(0), 1)->more) {
  }
  const int64_t old = AcceptSome(campaign, route_id, 1, At(0));
  AcceptSome(campaign, route_id, 100, At(1000));
  ASSERT_OK(Receive({Receipt(old, MessageState::kDelivered)}, At(10)));
  int steps = 0;
  int rows = 0;
  StepResult step{.more = true};
  while (step.more) {
    step = store_->Prune(At(500), At(500), 2).value();
    rows += step.rows;
    ++steps;
  }
  EXPECT_EQ(rows, 1);
  // One more for the series. The young ones would take seven.
  EXPECT_LE(steps, 3);
}

// An old message that stays does not keep what was accepted after it.
TEST_P(StoreTest, WhatIsSearchedForIsStillFoundAfterPruning) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  const int64_t kept = AcceptSome(campaign, route_id, 1, At(0));
  AcceptSome(other, route_id, 3000, At(0));
  const int64_t gone = AcceptSome(campaign, route_id, 1, At(0));
  AcceptSome(other, route_id, 3000, At(0));
  const int64_t young = AcceptSome(campaign, route_id, 1, At(100));
  ASSERT_OK(Receive({Receipt(gone, MessageState::kDelivered)}, At(10)));
  while (store_->Prune(At(50), At(50), 1000)->more) {
  }
  EXPECT_EQ(AcceptSome(campaign, route_id, 1, At(200)), young + 1);
  const auto page =
      store_->ListMessages({.account_id = campaign.account_id, .campaign_id = campaign.id}, 0, 10);
  ASSERT_OK(page);
  std::vector<int64_t> ids;
  for (const domain::Message& message : page->messages) ids.push_back(message.id);
  EXPECT_THAT(ids, ::testing::ElementsAre(young + 1, young, kept));
}

TEST_P(StoreTest, PruningErasesTheMessagesOfADeletedCampaign) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 20);
  const int64_t kept = AcceptSome(other, route_id, 2);
  ASSERT_OK(
      store_->EndWaiting(campaign.id, MessageState::kCancelled, StateReason::kNone, kNow, 100));
  ASSERT_OK(store_->DeleteCampaign(campaign.account_id, campaign.id));
  const auto step = store_->Prune(kNow - absl::Hours(1), kNow, 100);
  ASSERT_OK(step);
  EXPECT_EQ(step->rows, 20);
  EXPECT_FALSE(step->more);
  EXPECT_THAT(store_->GetMessage(0, first, false), HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_EQ(StateOf(kept), MessageState::kAccepted);
  ExpectCountersFit(other.account_id, other.id);
  AcceptSome(other, route_id, 3);
  ExpectCountersFit(other.account_id, other.id);
}

}  // namespace
}  // namespace campaigner::storage

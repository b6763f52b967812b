#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const RetryFilter kFailedOnes{.states = {MessageState::kUndelivered, MessageState::kExpired},
                              .reasons = {}};

absl::StatusOr<domain::Operation> BeginRetry(Store& store, const Campaign& campaign) {
  return store.CreateOperation({.account_id = campaign.account_id,
                                .campaign_id = campaign.id,
                                .kind = domain::OperationKind::kRetry},
                               kNow);
}

// All steps of an operation; how many messages are sent again, over `route_id`.
int RetryAll(Store& store, const Campaign& campaign, int64_t route_id, const RetryFilter& filter,
             int32_t limit = 1000) {
  const domain::Operation operation = BeginRetry(store, campaign).value();
  int retried = 0;
  int64_t after_id = 0;
  OperationStep step{.operation_id = operation.id};
  do {
    const FailedMessages failed = store.FindFailed(campaign.id, filter, after_id, limit).value();
    EXPECT_LE(failed.messages.size(), static_cast<size_t>(limit));
    std::vector<MessageAgain> again;
    for (const FailedMessage& message : failed.messages) {
      again.push_back({message.id, route_id, 7 * message.segments});
    }
    after_id = failed.next_after_id;
    step.is_last = after_id == 0;
    step.done_units += static_cast<int64_t>(again.size());
    retried += store.SendAgain(step, filter, again, kNow + absl::Hours(1)).value();
    ++step.number;
  } while (!step.is_last);
  const domain::Operation done = store.GetOperation(0, operation.id).value();
  EXPECT_EQ(done.state, domain::OperationState::kDone);
  EXPECT_EQ(done.messages, retried);
  EXPECT_EQ(done.done_units, retried);
  return retried;
}

TEST_P(StoreTest, WhatFailedIsSentAgainWithFreshAttempts) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 2);
  Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_OK(Record({SentOutcome(claimed.messages[0]), SentOutcome(claimed.messages[1])}));
  ReceiptRecord failed = Receipt(id, MessageState::kUndelivered);
  failed.reason = StateReason::kFailed;
  ASSERT_OK(Receive({failed, Receipt(id + 1, MessageState::kDelivered)}));
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, kFailedOnes), 1);
  Reopen();
  const domain::Message message = Get(id);
  EXPECT_EQ(message.state, MessageState::kAccepted);
  EXPECT_EQ(message.reason, StateReason::kNone);
  EXPECT_EQ(message.send_time, std::nullopt);
  EXPECT_EQ(message.final_time, std::nullopt);
  EXPECT_THAT(message.attempts, SizeIs(1));
  EXPECT_EQ(StateOf(id + 1), MessageState::kDelivered);
  claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_THAT(claimed.messages, SizeIs(1));
  EXPECT_EQ(claimed.messages[0].attempt_number, 2);
  EXPECT_EQ(claimed.messages[0].attempt_base, 1);
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  EXPECT_THAT(Get(id).attempts, SizeIs(2));
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, OnlyWhatIsAskedForIsSentAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 4);
  const int64_t foreign = AcceptSome(other, route_id, 1);
  const auto fail = [&](int64_t message_id, MessageState state, StateReason reason) {
    ReceiptRecord receipt = Receipt(message_id, state);
    receipt.reason = reason;
    ASSERT_OK(Receive({receipt}));
  };
  fail(id, MessageState::kRejected, StateReason::kOptedOut);
  fail(id + 1, MessageState::kRejected, StateReason::kForbidden);
  fail(id + 2, MessageState::kUndelivered, StateReason::kForbidden);
  fail(foreign, MessageState::kRejected, StateReason::kForbidden);
  // Neither delivered nor waiting ones, whatever is asked.
  fail(id + 3, MessageState::kDelivered, StateReason::kNone);
  RetryFilter filter{.states = {MessageState::kRejected}, .reasons = {StateReason::kForbidden}};
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, filter), 1);
  EXPECT_EQ(StateOf(id), MessageState::kRejected);
  EXPECT_EQ(StateOf(id + 1), MessageState::kAccepted);
  EXPECT_EQ(StateOf(id + 2), MessageState::kUndelivered);
  EXPECT_EQ(StateOf(foreign), MessageState::kRejected);
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, filter), 0);
}

TEST_P(StoreTest, AReceiptOfWhatWasSentBeforeDoesNotEndWhatIsSentAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  Claimed claimed = Claim({{campaign.id, route_id, 10}});
  EXPECT_EQ(claimed.messages[0].round, 0);
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  ReceiptRecord old = Receipt(id, MessageState::kUndelivered);
  ASSERT_OK(Receive({old}));
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, kFailedOnes), 1);
  old.detail = "once more";
  EXPECT_EQ(Receive({old})->ignored, 1);
  old.state = MessageState::kSent;
  EXPECT_EQ(Receive({old})->ignored, 1);
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
  EXPECT_EQ(Get(id).attempts[0].receipt_detail, "once more");
  claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_THAT(claimed.messages, SizeIs(1));
  EXPECT_EQ(claimed.messages[0].round, 1);
  old.state = MessageState::kExpired;
  EXPECT_EQ(Receive({old})->ignored, 1);
  EXPECT_EQ(StateOf(id), MessageState::kSending);
  // It came after all: nobody is asked to send it once more.
  old.state = MessageState::kDelivered;
  EXPECT_EQ(Receive({old})->applied, 1);
  EXPECT_EQ(StateOf(id), MessageState::kDelivered);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, WhatIsSentAgainTakesItsRouteAndPriceAnew) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t gone = MakeRoute("gone");
  const int64_t route_id = MakeRoute("main");
  const int64_t id = AcceptSome(campaign, gone, 1);
  ASSERT_OK(Receive({Receipt(id, MessageState::kUndelivered)}));
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, kFailedOnes), 1);
  EXPECT_EQ(Get(id).route_id, route_id);
  EXPECT_EQ(Get(id).cost_micros, 7);
  EXPECT_THAT(store_->ListReadyLanes(0, 0, 10).value(), SizeIs(1));
  EXPECT_THAT(Claim({{campaign.id, route_id, 10}}).messages, SizeIs(1));
  ASSERT_OK(Receive({[&] {
    ReceiptRecord receipt = Receipt(id, MessageState::kDelivered);
    receipt.round = 1;
    return receipt;
  }()}));
  const auto counters = store_->GetCampaignCounters(campaign.id).value();
  ASSERT_THAT(counters, SizeIs(1));
  EXPECT_EQ(counters[0].state, MessageState::kDelivered);
  EXPECT_EQ(counters[0].cost_micros, 7);
}

TEST_P(StoreTest, WhatChangedSinceItWasFoundIsNotSentAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 2);
  const int64_t foreign = AcceptSome(MakeCampaign(campaign.account_id), route_id, 1);
  ASSERT_OK(
      Receive({Receipt(id, MessageState::kUndelivered), Receipt(id + 1, MessageState::kDelivered),
               Receipt(foreign, MessageState::kUndelivered)}));
  const domain::Operation operation = BeginRetry(*store_, campaign).value();
  const std::vector<MessageAgain> again = {
      {id, route_id, 0}, {id, route_id, 0}, {id + 1, route_id, 0}, {foreign, route_id, 0}};
  EXPECT_EQ(*store_->SendAgain({.operation_id = operation.id, .done_units = 4, .total_units = 10},
                               kFailedOnes, again, kNow),
            1);
  EXPECT_EQ(store_->GetOperation(0, operation.id)->done_units, 1);
  EXPECT_EQ(store_->GetOperation(0, operation.id)->messages, 1);
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
  EXPECT_EQ(StateOf(id + 1), MessageState::kDelivered);
  EXPECT_EQ(StateOf(foreign), MessageState::kUndelivered);
}

TEST_P(StoreTest, ACampaignHasOneRetryAtATime) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& settings) { settings.finish_when_sent = true; });
  const int64_t id = AcceptSome(campaign, MakeRoute(), 1);
  ASSERT_OK(Receive({Receipt(id, MessageState::kUndelivered)}));
  const auto first = BeginRetry(*store_, campaign);
  ASSERT_OK(first);
  EXPECT_THAT(BeginRetry(*store_, campaign), HasReason("RETRY_RUNNING"));
  EXPECT_OK(BeginRetry(*store_, MakeCampaign(campaign.account_id)));
  // While it runs more may come.
  EXPECT_FALSE(*store_->FinishIfSent(campaign.id, kNow));
  ASSERT_OK(store_->CancelOperation(0, first->id, kNow));
  EXPECT_TRUE(*store_->FinishIfSent(campaign.id, kNow));
  EXPECT_OK(BeginRetry(*store_, campaign));
}

TEST_P(StoreTest, WhatWasReplacedIsNeverSentAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 2);
  ASSERT_OK(
      store_->EndWaiting(campaign.id, MessageState::kCancelled, StateReason::kReplaced, kNow, 1));
  ASSERT_OK(store_->EndWaiting(campaign.id, MessageState::kCancelled,
                               StateReason::kCancelledByCaller, kNow, 1));
  const RetryFilter cancelled{.states = {MessageState::kCancelled}, .reasons = {}};
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, cancelled), 1);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kCancelled), 1);
  EXPECT_GT(id, 0);
}

TEST_P(StoreTest, ARetryGoesInSteps) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 25);
  std::vector<ReceiptRecord> receipts;
  for (int i = 0; i < 25; ++i) receipts.push_back(Receipt(first + i, MessageState::kExpired));
  ASSERT_OK(Receive(receipts));
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, kFailedOnes, 10), 25);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 25);
}

TEST_P(StoreTest, ACampaignThatWasSentOutRunsAgain) {
  const Campaign campaign =
      MakeCampaign(MakeAccount().id, [](Campaign& settings) { settings.finish_when_sent = true; });
  const int64_t id = AcceptSome(campaign, MakeRoute(), 1);
  ASSERT_OK(Receive({Receipt(id, MessageState::kUndelivered)}));
  const auto end = [&](CampaignState state, std::optional<absl::Time> finish_time) {
    ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, [&](Campaign& changed) {
      changed.state = state;
      changed.finish_time = finish_time;
      return absl::OkStatus();
    }));
  };
  const domain::Operation operation = BeginRetry(*store_, campaign).value();
  const auto retry = [&] {
    return store_->SendAgain({.operation_id = operation.id}, kFailedOnes, {{.id = id}}, kNow)
        .status();
  };
  end(CampaignState::kCancelled, std::nullopt);
  EXPECT_THAT(retry(), HasReason("CAMPAIGN_STATE"));
  end(CampaignState::kDone, kNow - absl::Seconds(1));
  EXPECT_THAT(retry(), HasReason("CAMPAIGN_STATE"));
  EXPECT_EQ(StateOf(id), MessageState::kUndelivered);
  end(CampaignState::kDone, std::nullopt);
  EXPECT_OK(retry());
  EXPECT_THAT(retry(), HasReason("OPERATION_STEP"));
  EXPECT_EQ((*store_->GetCampaign(campaign.id))->state, CampaignState::kRunning);
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
}

TEST_P(StoreTest, ARetriedMessagesEndIsPostedAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  ASSERT_OK(Receive({Receipt(id, MessageState::kUndelivered)}));
  EXPECT_EQ(RetryAll(*store_, campaign, route_id, kFailedOnes), 1);
  ReceiptRecord delivered = Receipt(id, MessageState::kDelivered);
  delivered.round = 1;
  ASSERT_OK(Receive({delivered}));
  const auto page =
      store_->ListWebhooks({.account_id = campaign.account_id, .campaign_id = campaign.id}, 0, 10);
  ASSERT_OK(page);
  ASSERT_THAT(page->deliveries, SizeIs(2));
  EXPECT_EQ(page->deliveries[0].payload, R"({"id": "order-0", "status": "delivered"})");
}

TEST_P(StoreTest, EveryStatusIsAnEventWhereTheCampaignWantsThem) {
  const Campaign campaign = MakeCampaign(MakeAccount().id, [](Campaign& settings) {
    settings.webhook_events = domain::WebhookEvents::kAll;
  });
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptOne(campaign, NewMessage(campaign.id, route_id));
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  ASSERT_OK(Receive({Receipt(id, MessageState::kDelivered)}));
  ASSERT_OK(Receive({Receipt(id, MessageState::kDelivered)}));
  ASSERT_OK(Receive({Receipt(id, MessageState::kRead)}));
  const auto page =
      store_->ListWebhooks({.account_id = campaign.account_id, .campaign_id = campaign.id}, 0, 10);
  ASSERT_OK(page);
  std::vector<std::string> types;
  for (const auto& delivery : page->deliveries) types.push_back(delivery.payload.substr(0, 26));
  EXPECT_THAT(types, ElementsAre(R"({"type": "message.read", ")", R"({"type": "message.delivere)",
                                 R"({"type": "message.sent", ")"));
}

TEST_P(StoreTest, APageOfAnExportGoesUpwardsWithTheLastAttempt) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  std::vector<int64_t> expected;
  for (int round = 0; round < 3; ++round) {
    const int64_t first = AcceptSome(campaign, route_id, 5);
    for (int i = 0; i < 5; ++i) expected.push_back(first + i);
    AcceptSome(other, route_id, 300);
  }
  Claimed claimed = Claim({{campaign.id, route_id, 1}});
  ASSERT_OK(Record({RetryOutcome(claimed.messages[0], kNow, kNow)}));
  ASSERT_OK(store_->PromoteDue(kNow, 10));
  claimed = Claim({{campaign.id, route_id, 1}});
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  ExportFilter filter{.campaign_id = campaign.id, .states = {}, .with_text = true};
  std::vector<domain::Message> found;
  int64_t after_id = 0;
  do {
    const MessagePage page = store_->ExportMessages(filter, after_id, 4).value();
    EXPECT_LE(page.messages.size(), 4u);
    found.insert(found.end(), page.messages.begin(), page.messages.end());
    after_id = page.next_after_id;
  } while (after_id != 0);
  std::vector<int64_t> ids;
  for (const domain::Message& message : found) ids.push_back(message.id);
  EXPECT_EQ(ids, expected);
  EXPECT_EQ(found[0].text, "Hello Ann");
  ASSERT_THAT(found[0].attempts, SizeIs(1));
  EXPECT_EQ(found[0].attempts[0].number, 2);
  EXPECT_EQ(found[0].attempts[0].provider_message_id, "p-" + std::to_string(ids[0]));
  EXPECT_THAT(found[1].attempts, IsEmpty());
  filter.states = {MessageState::kSent};
  EXPECT_THAT(store_->ExportMessages(filter, 0, 10)->messages, SizeIs(1));
}

}  // namespace
}  // namespace campaigner::storage

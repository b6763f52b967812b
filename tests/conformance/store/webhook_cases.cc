#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::WebhookState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time At(int seconds) { return kNow + absl::Seconds(seconds); }

WebhookOutcome Delivered(int64_t id) {
  return {.id = id, .next_attempt_time = std::nullopt, .http_status = 204, .error = ""};
}
WebhookOutcome Pending(int64_t id, absl::Time next) {
  return {.id = id,
          .state = WebhookState::kPending,
          .next_attempt_time = next,
          .http_status = 500,
          .error = "HTTP 500"};
}
WebhookOutcome Failed(int64_t id) {
  return {.id = id,
          .state = WebhookState::kFailed,
          .next_attempt_time = std::nullopt,
          .http_status = 0,
          .error = "connection refused"};
}

TEST_P(StoreTest, OnlyAFirstFinalStateWithAnExternalIdOwesAWebhook) {
  const int64_t account_id = MakeAccount().id;
  const Campaign campaign = MakeCampaign(account_id);
  const Campaign silent = MakeCampaign(account_id, [](Campaign& c) { c.webhook_url.clear(); });
  const int64_t route_id = MakeRoute();
  domain::NewMessage numbered = NewMessage(campaign.id, route_id, "123");
  numbered.external_id_is_number = true;
  const int64_t with_id = AcceptOne(campaign, numbered);
  const int64_t without_id = AcceptOne(campaign, NewMessage(campaign.id, route_id));
  const int64_t without_url = AcceptOne(silent, NewMessage(silent.id, route_id, "5"));
  for (const int64_t id : {with_id, without_id, without_url}) {
    ASSERT_OK(Receive({Receipt(id, MessageState::kPartiallyDelivered),
                       Receipt(id, MessageState::kDelivered), Receipt(id, MessageState::kRead)}));
    EXPECT_EQ(StateOf(id), MessageState::kRead);
  }
  const auto page = store_->ListWebhooks(
      {.account_id = account_id, .campaign_id = campaign.id, .states = {}}, 0, 10);
  ASSERT_OK(page);
  ASSERT_THAT(page->deliveries, SizeIs(1));
  const domain::WebhookDelivery& delivery = page->deliveries[0];
  EXPECT_EQ(delivery.message_id, with_id);
  EXPECT_EQ(delivery.account_id, account_id);
  EXPECT_EQ(delivery.url, campaign.webhook_url);
  EXPECT_EQ(delivery.payload, domain::O3goWebhookPayload("123", true, MessageState::kDelivered));
  EXPECT_EQ(delivery.state, WebhookState::kPending);
  EXPECT_EQ(delivery.attempt_count, 0);
  EXPECT_EQ(delivery.create_time, kNow);
  EXPECT_EQ(delivery.next_attempt_time, kNow);
  EXPECT_EQ(delivery.last_attempt_time, std::nullopt);
  EXPECT_EQ(store_->GetWebhookLag()->pending, 1);
  EXPECT_EQ(store_->GetWebhookLag()->oldest_due, kNow);
}

TEST_P(StoreTest, AWebhookIsTakenAgainWhenItsLeaseEnds) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t first = AcceptSome(campaign, MakeRoute(), 2);
  ASSERT_OK(Receive({Receipt(first, MessageState::kDelivered)}, At(0)));
  ASSERT_OK(Receive({Receipt(first + 1, MessageState::kDelivered)}, At(1)));
  const int64_t endpoint = store_->ListPendingEndpoints(0, 10)->at(0).endpoint_id;
  const ClaimedWebhooks early = ClaimWebhooks(endpoint, 10, At(0));
  ASSERT_THAT(early.deliveries, SizeIs(1));
  EXPECT_EQ(early.next_due.at(0).due_time, At(1));
  const ClaimedWebhooks claimed = ClaimWebhooks(endpoint, 10, At(2));
  ASSERT_THAT(claimed.deliveries, SizeIs(1));
  EXPECT_EQ(claimed.next_due.at(0).due_time, At(30));
  EXPECT_THAT(ClaimWebhooks(endpoint, 10, At(29)).deliveries, IsEmpty());
  EXPECT_THAT(ClaimWebhooks(endpoint, 10, At(32)).deliveries, SizeIs(2));
  EXPECT_THAT(ClaimWebhooks(endpoint + 9, 10, At(32)).deliveries, IsEmpty());
  EXPECT_THAT(ClaimWebhooks(endpoint + 9, 10, At(32)).next_due, IsEmpty());
}

TEST_P(StoreTest, OutcomesMoveAWebhook) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t first = AcceptSome(campaign, MakeRoute(), 3);
  for (int i = 0; i < 3; ++i) ASSERT_OK(Receive({Receipt(first + i, MessageState::kDelivered)}));
  const int64_t endpoint = store_->ListPendingEndpoints(0, 10)->at(0).endpoint_id;
  const ClaimedWebhooks claimed = ClaimWebhooks(endpoint, 10);
  ASSERT_THAT(claimed.deliveries, SizeIs(3));
  const int64_t id = claimed.deliveries[0].id;
  ASSERT_OK(RecordWebhooks({Delivered(id), Pending(id + 1, At(5)), Failed(id + 2)}, At(1)));
  // Late and repeated outcomes of what is not pending any more do not count.
  ASSERT_OK(RecordWebhooks({Failed(id), Failed(id + 999)}, At(2)));
  WebhookFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id, .states = {}};
  const auto page = store_->ListWebhooks(filter, 0, 10);
  ASSERT_OK(page);
  ASSERT_THAT(page->deliveries, SizeIs(3));
  EXPECT_EQ(page->deliveries[0].state, WebhookState::kFailed);
  EXPECT_EQ(page->deliveries[0].last_error, "connection refused");
  EXPECT_EQ(page->deliveries[0].next_attempt_time, std::nullopt);
  EXPECT_EQ(page->deliveries[1].state, WebhookState::kPending);
  EXPECT_EQ(page->deliveries[1].next_attempt_time, At(5));
  EXPECT_EQ(page->deliveries[1].last_http_status, 500);
  EXPECT_EQ(page->deliveries[2].state, WebhookState::kDelivered);
  EXPECT_EQ(page->deliveries[2].attempt_count, 1);
  EXPECT_EQ(page->deliveries[2].last_attempt_time, At(1));
  EXPECT_EQ(store_->GetWebhookLag()->pending, 1);
  const ClaimedWebhooks again = ClaimWebhooks(endpoint, 10, At(5));
  ASSERT_THAT(again.deliveries, SizeIs(1));
  EXPECT_EQ(again.deliveries[0].attempt_count, 1);
  Reopen();
  EXPECT_EQ(store_->GetWebhookLag()->pending, 1);
}

TEST_P(StoreTest, WebhooksAreListedByStateAndMessageInPages) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t first = AcceptSome(campaign, MakeRoute(), 3);
  for (int i = 0; i < 3; ++i) ASSERT_OK(Receive({Receipt(first + i, MessageState::kDelivered)}));
  WebhookFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id, .states = {}};
  const auto page = store_->ListWebhooks(filter, 0, 2);
  ASSERT_OK(page);
  ASSERT_THAT(page->deliveries, SizeIs(2));
  EXPECT_GT(page->deliveries[0].id, page->deliveries[1].id);
  const auto rest = store_->ListWebhooks(filter, page->next_after_id, 2);
  ASSERT_THAT(rest->deliveries, SizeIs(1));
  EXPECT_EQ(rest->next_after_id, 0);
  filter.message_id = first + 1;
  ASSERT_THAT(store_->ListWebhooks(filter, 0, 10)->deliveries, SizeIs(1));
  filter.states = {WebhookState::kFailed};
  EXPECT_THAT(store_->ListWebhooks(filter, 0, 10)->deliveries, IsEmpty());
  filter.account_id = campaign.account_id + 1;
  EXPECT_THAT(store_->ListWebhooks(filter, 0, 10), HasReason("CAMPAIGN_NOT_FOUND"));
}

// As many as a page looks at, and one before them.
TEST_P(StoreTest, AFailedWebhookIsFoundBehindAnyNumberOfOthers) {
  constexpr int kBehind = 20'001;
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t first = AcceptSome(campaign, MakeRoute(), kBehind + 1);
  std::vector<ReceiptRecord> receipts;
  for (int i = 0; i <= kBehind; ++i) {
    receipts.push_back(Receipt(first + i, MessageState::kDelivered));
  }
  ASSERT_OK(Receive(std::move(receipts)));
  const int64_t endpoint = store_->ListPendingEndpoints(0, 10)->at(0).endpoint_id;
  const ClaimedWebhooks claimed = ClaimWebhooks(endpoint, kBehind + 1);
  ASSERT_THAT(claimed.deliveries, SizeIs(kBehind + 1));
  std::vector<WebhookOutcome> outcomes = {Failed(claimed.deliveries[0].id)};
  for (int i = 1; i <= kBehind; ++i) outcomes.push_back(Delivered(claimed.deliveries[i].id));
  ASSERT_OK(RecordWebhooks(std::move(outcomes)));
  WebhookFilter filter{.account_id = campaign.account_id,
                       .campaign_id = campaign.id,
                       .states = {WebhookState::kFailed}};
  const auto failed = store_->ListWebhooks(filter, 0, 10);
  ASSERT_OK(failed);
  ASSERT_THAT(failed->deliveries, SizeIs(1));
  EXPECT_EQ(failed->next_after_id, 0);
  filter.message_id = failed->deliveries[0].message_id;
  filter.states = {};
  EXPECT_THAT(store_->ListWebhooks(filter, 0, 10)->deliveries, SizeIs(1));
}

TEST_P(StoreTest, OfAnotherCampaignsMessageNoWebhookIsListed) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t id = AcceptSome(campaign, MakeRoute(), 1);
  ASSERT_OK(Receive({Receipt(id, MessageState::kDelivered)}));
  const WebhookFilter filter{
      .account_id = campaign.account_id, .campaign_id = other.id, .message_id = id, .states = {}};
  EXPECT_THAT(store_->ListWebhooks(filter, 0, 10)->deliveries, IsEmpty());
}

TEST_P(StoreTest, WhatIsOverMayBeReplayed) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t first = AcceptSome(campaign, MakeRoute(), 3);
  for (int i = 0; i < 3; ++i) ASSERT_OK(Receive({Receipt(first + i, MessageState::kDelivered)}));
  const int64_t endpoint = store_->ListPendingEndpoints(0, 10)->at(0).endpoint_id;
  const int64_t id = ClaimWebhooks(endpoint, 10).deliveries.at(0).id;
  EXPECT_THAT(store_->ReplayWebhook(campaign.account_id, id, kNow),
              HasReason("WEBHOOK_DELIVERY_PENDING"));
  ASSERT_OK(RecordWebhooks({Delivered(id), Failed(id + 1), Failed(id + 2)}));
  EXPECT_THAT(*store_->ListPendingEndpoints(0, 10), IsEmpty());
  EXPECT_THAT(store_->ReplayWebhook(campaign.account_id + 1, id, kNow),
              HasReason("WEBHOOK_DELIVERY_NOT_FOUND"));
  EXPECT_THAT(store_->ReplayWebhook(0, id + 99, kNow), HasReason("WEBHOOK_DELIVERY_NOT_FOUND"));
  const auto replayed = store_->ReplayWebhook(campaign.account_id, id, At(7));
  ASSERT_OK(replayed);
  EXPECT_EQ(replayed->state, WebhookState::kPending);
  EXPECT_EQ(replayed->next_attempt_time, At(7));
  const auto one = store_->ReplayFailedWebhooks(campaign.account_id, campaign.id, At(7), 1);
  ASSERT_OK(one);
  EXPECT_EQ(one->count, 1);
  EXPECT_TRUE(one->more);
  EXPECT_EQ(store_->ReplayFailedWebhooks(campaign.account_id, campaign.id, At(7), 9)->count, 1);
  EXPECT_EQ(store_->ReplayFailedWebhooks(campaign.account_id, campaign.id, At(7), 9)->count, 0);
  EXPECT_THAT(store_->ReplayFailedWebhooks(campaign.account_id + 1, campaign.id, At(7), 9),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(ClaimWebhooks(endpoint, 10, At(7)).deliveries, SizeIs(3));
  EXPECT_EQ(store_->GetWebhookLag()->pending, 3);
  // What failed again meanwhile is of the next replay.
  ASSERT_OK(RecordWebhooks({Failed(id + 1)}, At(8)));
  EXPECT_EQ(store_->ReplayFailedWebhooks(campaign.account_id, campaign.id, At(7), 9)->count, 0);
  EXPECT_EQ(store_->ReplayFailedWebhooks(campaign.account_id, campaign.id, At(8), 9)->count, 1);
}

TEST_P(StoreTest, EachUrlOfEachAccountIsAQueueOfItsOwn) {
  const int64_t account_id = MakeAccount().id;
  const Campaign first = MakeCampaign(account_id);
  const Campaign same_url = MakeCampaign(account_id);
  const Campaign foreign = MakeCampaign(MakeAccount().id);
  const Campaign other_url =
      MakeCampaign(account_id, [](Campaign& c) { c.webhook_url = "https://other.example/"; });
  const int64_t route_id = MakeRoute();
  for (const Campaign& campaign : {first, same_url, foreign, other_url}) {
    ASSERT_OK(Receive({Receipt(AcceptSome(campaign, route_id, 1), MessageState::kDelivered)}));
  }
  const auto endpoints = store_->ListPendingEndpoints(0, 10);
  ASSERT_OK(endpoints);
  ASSERT_THAT(*endpoints, SizeIs(3));
  EXPECT_THAT(*store_->ListPendingEndpoints((*endpoints)[0].endpoint_id, 1), SizeIs(1));
  EXPECT_THAT(*store_->ListPendingEndpoints((*endpoints)[2].endpoint_id, 1), IsEmpty());
  EXPECT_THAT(ClaimWebhooks((*endpoints)[0].endpoint_id, 10).deliveries, SizeIs(2));
}

}  // namespace
}  // namespace campaigner::storage

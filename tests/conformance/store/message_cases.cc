#include <algorithm>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::MessageState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<int64_t> Ids(const std::vector<domain::Message>& messages) {
  std::vector<int64_t> ids;
  for (const domain::Message& message : messages) ids.push_back(message.id);
  return ids;
}

// All pages, to the end.
std::vector<int64_t> ListAll(Store& store, const MessageFilter& filter, int32_t page_size) {
  std::vector<int64_t> ids;
  int64_t after_id = 0;
  do {
    const MessagePage page = store.ListMessages(filter, after_id, page_size).value();
    EXPECT_LE(page.messages.size(), static_cast<size_t>(page_size));
    for (const int64_t id : Ids(page.messages)) ids.push_back(id);
    after_id = page.next_after_id;
  } while (after_id != 0);
  return ids;
}

TEST_P(StoreTest, AMessageIsReadBackAsItCame) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  domain::NewMessage message = NewMessage(campaign.id, route_id, "4711");
  message.external_id_is_number = true;
  message.text = "Own \U0001F600 text";
  message.fields = {{"a", "\"quoted\" \\ \n"}, {"b", "\u00e4"}};
  message.segments = 2;
  message.schedule_time = kNow + absl::Hours(1);
  const int64_t id = AcceptOne(campaign, message);
  Reopen();
  const domain::Message read = Get(id);
  EXPECT_EQ(read.account_id, campaign.account_id);
  EXPECT_EQ(read.campaign_id, campaign.id);
  EXPECT_EQ(read.route_id, route_id);
  EXPECT_EQ(read.recipient, message.recipient);
  EXPECT_EQ(read.text, *message.text);
  EXPECT_EQ(read.fields, message.fields);
  EXPECT_EQ(read.external_id, "4711");
  EXPECT_TRUE(read.external_id_is_number);
  EXPECT_EQ(read.state, MessageState::kAccepted);
  EXPECT_EQ(read.segments, 2);
  EXPECT_EQ(read.create_time, kNow);
  EXPECT_EQ(read.schedule_time, message.schedule_time);
  EXPECT_EQ(read.send_time, std::nullopt);
  EXPECT_EQ(read.final_time, std::nullopt);
  const auto brief = store_->GetMessage(campaign.account_id, id, false);
  ASSERT_OK(brief);
  EXPECT_THAT(brief->text, IsEmpty());
  EXPECT_THAT(store_->GetMessage(campaign.account_id + 1, id, false),
              HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_THAT(store_->GetMessage(0, id + 1, false), HasReason("MESSAGE_NOT_FOUND"));
}

TEST_P(StoreTest, AnEmptyTextIsNotAMissingOne) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  domain::NewMessage message = NewMessage(campaign.id, MakeRoute());
  message.text = "";
  EXPECT_EQ(Get(AcceptOne(campaign, message)).text, "");
}

TEST_P(StoreTest, ABatchGetsConsecutiveIdsThatAreNeverGivenAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 10);
  const int64_t second = AcceptSome(campaign, route_id, 1);
  EXPECT_GE(second, first + 10);
  const auto batch = store_->GetMessages(campaign.account_id, first, 10);
  ASSERT_OK(batch);
  ASSERT_THAT(*batch, SizeIs(10));
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ((*batch)[i].id, first + static_cast<int64_t>(i));
    EXPECT_EQ((*batch)[i].external_id, "order-" + std::to_string(i));
    EXPECT_EQ((*batch)[i].text, "Hello Ann");
  }
  EXPECT_THAT(*store_->GetMessages(campaign.account_id + 1, first, 10), IsEmpty());
  ASSERT_OK(store_->CancelMessage(0, second, kNow));
  while (store_->Prune(kNow + absl::Hours(1), kNow, 100)->more) {
  }
  Reopen();
  EXPECT_GT(AcceptSome(campaign, route_id, 1), second);
}

TEST_P(StoreTest, ABatchIsStoredAllOrNone) {
  const int64_t account_id = MakeAccount().id;
  const Campaign campaign = MakeCampaign(account_id);
  const Campaign foreign = MakeCampaign(MakeAccount().id);
  const auto set_done = [](Campaign& done) { done.state = CampaignState::kDone; };
  const Campaign closed = MakeCampaign(account_id, set_done);
  const int64_t route_id = MakeRoute();
  AcceptBatch batch;
  batch.account_id = account_id;
  batch.now = kNow;
  batch.messages = {NewMessage(campaign.id, route_id), NewMessage(foreign.id, route_id)};
  EXPECT_THAT(Accept(batch), HasReason("CAMPAIGN_NOT_FOUND"));
  batch.messages[1].campaign_id = foreign.id + 100;
  EXPECT_THAT(Accept(batch), HasReason("CAMPAIGN_NOT_FOUND"));
  batch.messages[1].campaign_id = closed.id;
  EXPECT_THAT(Accept(batch), HasReason("CAMPAIGN_CLOSED"));
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 0);
  EXPECT_THAT(
      store_->ListMessages({.account_id = account_id, .campaign_id = campaign.id}, 0, 10)->messages,
      IsEmpty());
  EXPECT_THAT(Claim({{campaign.id, route_id, 10}}).messages, IsEmpty());
}

TEST_P(StoreTest, AnEmptyBatchIsHarmless) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = kNow;
  const auto accepted = Accept(batch);
  ASSERT_OK(accepted);
  EXPECT_EQ(accepted->count, 0);
}

TEST_P(StoreTest, ARepeatedRequestStoresNothing) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = kNow;
  batch.messages = {NewMessage(campaign.id, route_id), NewMessage(campaign.id, route_id)};
  batch.request_id = "r1";
  batch.request_hash = std::string("\0hash", 5);
  const auto first = Accept(batch);
  ASSERT_OK(first);
  EXPECT_FALSE(first->is_repeat);
  Reopen();
  const auto repeat = Accept(batch);
  ASSERT_OK(repeat);
  EXPECT_TRUE(repeat->is_repeat);
  EXPECT_EQ(repeat->first_message_id, first->first_message_id);
  EXPECT_EQ(repeat->count, 2);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 2);

  AcceptBatch other = batch;
  other.request_hash = "other";
  EXPECT_THAT(Accept(other), HasReason("REQUEST_ID_REUSED"));
  // After a day the id is free again.
  other.now = kNow + absl::Hours(24);
  EXPECT_FALSE(Accept(other)->is_repeat);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kAccepted), 4);
}

TEST_P(StoreTest, ARefusedRequestMayBeRepeated) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = kNow;
  batch.messages = {NewMessage(999, MakeRoute())};
  batch.request_id = "r1";
  EXPECT_THAT(Accept(batch), HasReason("CAMPAIGN_NOT_FOUND"));
  batch.messages[0].campaign_id = campaign.id;
  EXPECT_FALSE(Accept(batch)->is_repeat);
}

TEST_P(StoreTest, MessagesAreListedNewestFirstInPages) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  std::vector<int64_t> ids;
  for (int round = 0; round < 3; ++round) {
    const int64_t first = AcceptSome(campaign, route_id, 7);
    for (int i = 0; i < 7; ++i) ids.push_back(first + i);
    AcceptSome(other, route_id, round == 1 ? 500 : 3);
  }
  std::reverse(ids.begin(), ids.end());
  MessageFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id};
  for (const int32_t page_size : {1, 4, 7, 100}) {
    EXPECT_EQ(ListAll(*store_, filter, page_size), ids) << page_size;
  }
  Reopen();
  const int64_t last = AcceptSome(campaign, route_id, 1);
  ids.insert(ids.begin(), last);
  EXPECT_EQ(ListAll(*store_, filter, 5), ids);
  filter.account_id = campaign.account_id + 1;
  EXPECT_THAT(store_->ListMessages(filter, 0, 10), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_P(StoreTest, MessagesAreListedByWhatIsAskedFor) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 5);
  domain::NewMessage other = NewMessage(campaign.id, route_id, "order-2");
  other.recipient = "77010000000";
  const int64_t last = AcceptOne(campaign, other);
  ASSERT_OK(store_->CancelMessage(0, first, kNow));
  MessageFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id};
  filter.states = {MessageState::kCancelled, MessageState::kSent};
  EXPECT_THAT(ListAll(*store_, filter, 10), ElementsAre(first));
  filter.states.clear();
  filter.external_id = "order-2";
  EXPECT_THAT(ListAll(*store_, filter, 10), ElementsAre(last, first + 2));
  filter.recipient = "77010000000";
  EXPECT_THAT(ListAll(*store_, filter, 10), ElementsAre(last));
  filter.external_id = "order-3";
  EXPECT_THAT(ListAll(*store_, filter, 10), IsEmpty());
}

TEST_P(StoreTest, OnlyAWaitingMessageIsCancelled) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 2);
  EXPECT_THAT(store_->CancelMessage(campaign.account_id + 1, id, kNow),
              HasReason("MESSAGE_NOT_FOUND"));
  const auto cancelled = store_->CancelMessage(campaign.account_id, id, kNow + absl::Seconds(1));
  ASSERT_OK(cancelled);
  EXPECT_EQ(cancelled->state, MessageState::kCancelled);
  EXPECT_EQ(cancelled->reason, domain::StateReason::kCancelledByCaller);
  EXPECT_EQ(cancelled->final_time, kNow + absl::Seconds(1));
  const auto again = store_->CancelMessage(campaign.account_id, id, kNow + absl::Seconds(2));
  ASSERT_OK(again);
  EXPECT_EQ(again->final_time, kNow + absl::Seconds(1));
  ASSERT_THAT(Claim({{campaign.id, route_id, 10}}).messages, SizeIs(1));
  EXPECT_THAT(store_->CancelMessage(0, id + 1, kNow), HasReason("MESSAGE_STATE"));
  EXPECT_THAT(store_->CancelMessage(0, id + 9, kNow), HasReason("MESSAGE_NOT_FOUND"));
  ExpectCountersFit(campaign.account_id, campaign.id);
}

}  // namespace
}  // namespace campaigner::storage

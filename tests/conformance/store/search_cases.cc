#include <algorithm>
#include <random>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;

std::vector<int64_t> ListAll(Store& store, const MessageFilter& filter, int32_t page_size) {
  std::vector<int64_t> ids;
  int64_t after_id = 0;
  do {
    const MessagePage page = store.ListMessages(filter, after_id, page_size).value();
    for (const domain::Message& message : page.messages) ids.push_back(message.id);
    after_id = page.next_after_id;
  } while (after_id != 0);
  return ids;
}

TEST_P(StoreTest, ANumberIsFoundInAllCampaignsOfItsAccount) {
  const Campaign first = MakeCampaign(MakeAccount().id);
  const Campaign second = MakeCampaign(first.account_id);
  const Campaign foreign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const auto send = [&](const Campaign& campaign, const std::string& recipient) {
    domain::NewMessage message = NewMessage(campaign.id, route_id);
    message.recipient = recipient;
    return AcceptOne(campaign, message);
  };
  const int64_t a = send(first, "77010000000");
  send(first, "77010000001");
  send(foreign, "77010000000");
  const int64_t b = send(second, "77010000000");
  const int64_t c = send(first, "77010000000");
  MessageFilter filter{.account_id = first.account_id, .recipient = "77010000000"};
  for (const int32_t page_size : {1, 2, 10}) {
    EXPECT_THAT(ListAll(*store_, filter, page_size), ElementsAre(c, b, a)) << page_size;
  }
  Reopen();
  EXPECT_THAT(ListAll(*store_, filter, 10), ElementsAre(c, b, a));
  filter.campaign_id = first.id;
  EXPECT_THAT(ListAll(*store_, filter, 1), ElementsAre(c, a));
  filter.states = {MessageState::kCancelled};
  EXPECT_THAT(ListAll(*store_, filter, 10), IsEmpty());
  filter.campaign_id = foreign.id;
  EXPECT_THAT(store_->ListMessages(filter, 0, 10), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_P(StoreTest, MessagesAreListedByReason) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 4);
  const auto fail = [&](int64_t message_id, StateReason reason) {
    ReceiptRecord receipt = Receipt(message_id, MessageState::kUndelivered);
    receipt.reason = reason;
    ASSERT_OK(Receive({receipt}));
  };
  fail(id, StateReason::kFailed);
  fail(id + 1, StateReason::kUnavailable);
  fail(id + 2, StateReason::kFailed);
  MessageFilter filter{.account_id = campaign.account_id, .campaign_id = campaign.id};
  filter.reasons = {StateReason::kFailed};
  EXPECT_THAT(ListAll(*store_, filter, 10), ElementsAre(id + 2, id));
  filter.reasons.push_back(StateReason::kUnavailable);
  EXPECT_THAT(ListAll(*store_, filter, 1), ElementsAre(id + 2, id + 1, id));
}

// More messages than an index writes at once, to few numbers, with restarts, refusals and pruning:
// the same answer as from a plain list.
TEST_P(StoreTest, TheSearchAgreesWithAPlainList) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const Campaign other = MakeCampaign(campaign.account_id);
  const int64_t route_id = MakeRoute();
  std::mt19937 random(20'261'123);
  std::map<std::string, std::vector<int64_t>> sent;
  constexpr int kBatch = 9'000;
  for (int round = 0; round < 16; ++round) {
    AcceptBatch batch;
    batch.account_id = campaign.account_id;
    batch.now = kNow;
    for (int i = 0; i < kBatch; ++i) {
      domain::NewMessage message = NewMessage(i % 3 == 0 ? other.id : campaign.id, route_id);
      message.fields.clear();
      message.recipient = std::to_string(79'200'000'000 + static_cast<int64_t>(random() % 40'000));
      batch.messages.push_back(message);
    }
    const bool is_refused = random() % 4 == 0;
    if (is_refused) batch.messages.back().campaign_id = 999;
    const auto accepted = Accept(batch);
    ASSERT_EQ(accepted.ok(), !is_refused);
    if (random() % 5 == 0) Reopen();
    if (is_refused) continue;
    for (int i = 0; i < kBatch; ++i) {
      sent[batch.messages[static_cast<size_t>(i)].recipient].push_back(accepted->first_message_id +
                                                                       i);
    }
  }
  MessageFilter filter{.account_id = campaign.account_id};
  for (int64_t number = 79'200'000'000; number < 79'200'040'000; number += 1'111) {
    filter.recipient = std::to_string(number);
    std::vector<int64_t> expected = sent[filter.recipient];
    std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(ListAll(*store_, filter, 3), expected) << number;
  }
}

}  // namespace
}  // namespace campaigner::storage

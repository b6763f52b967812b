#include <map>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;

constexpr int64_t kPrice = 2'500'000;

class Costs {
 public:
  explicit Costs(Store& store, int64_t campaign_id) {
    const auto counters = store.GetCampaignCounters(campaign_id).value();
    for (const CampaignCounter& counter : counters) by_state_[counter.state] = counter.cost_micros;
  }
  int64_t Of(MessageState state) const {
    const auto found = by_state_.find(state);
    return found == by_state_.end() ? 0 : found->second;
  }

 private:
  std::map<MessageState, int64_t> by_state_;
};

domain::NewMessage Priced(domain::NewMessage message, int32_t segments) {
  message.segments = segments;
  message.cost_micros = segments * kPrice;
  return message;
}

TEST_P(StoreTest, WhatMessagesCostMovesWithThem) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t small = AcceptOne(campaign, Priced(NewMessage(campaign.id, route_id), 1));
  const int64_t large = AcceptOne(campaign, Priced(NewMessage(campaign.id, route_id), 3));
  EXPECT_EQ(Get(large).cost_micros, 3 * kPrice);
  EXPECT_EQ(Costs(*store_, campaign.id).Of(MessageState::kAccepted), 4 * kPrice);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  EXPECT_EQ(Costs(*store_, campaign.id).Of(MessageState::kAccepted), 0);
  EXPECT_EQ(Costs(*store_, campaign.id).Of(MessageState::kSending), 4 * kPrice);
  ASSERT_OK(Record({SentOutcome(claimed.messages[0]), SentOutcome(claimed.messages[1])}));
  ASSERT_OK(
      Receive({Receipt(large, MessageState::kDelivered), Receipt(small, MessageState::kExpired)}));
  Reopen();
  const Costs costs(*store_, campaign.id);
  EXPECT_EQ(costs.Of(MessageState::kSent), 0);
  EXPECT_EQ(costs.Of(MessageState::kDelivered), 3 * kPrice);
  // A provider had it.
  EXPECT_EQ(costs.Of(MessageState::kExpired), kPrice);
  EXPECT_EQ(Get(small).cost_micros, kPrice);
}

TEST_P(StoreTest, WhatNoProviderHadCostsNothing) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptOne(campaign, Priced(NewMessage(campaign.id, route_id), 2));
  AcceptOne(campaign, Priced(NewMessage(campaign.id, route_id), 1));
  const auto cancelled = store_->CancelMessage(campaign.account_id, id, kNow);
  ASSERT_OK(cancelled);
  EXPECT_EQ(cancelled->cost_micros, 0);
  const Costs costs(*store_, campaign.id);
  EXPECT_EQ(costs.Of(MessageState::kCancelled), 0);
  EXPECT_EQ(costs.Of(MessageState::kAccepted), kPrice);
}

// The receipt says REJECTED before the provider's answer shows that it had the message.
TEST_P(StoreTest, AnAttemptThatIsRecordedLateIsPaidAllTheSame) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptOne(campaign, Priced(NewMessage(campaign.id, route_id), 2));
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_OK(Receive({Receipt(id, MessageState::kRejected)}));
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  EXPECT_EQ(StateOf(id), MessageState::kRejected);
  EXPECT_EQ(Costs(*store_, campaign.id).Of(MessageState::kRejected), 2 * kPrice);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

}  // namespace
}  // namespace campaigner::storage

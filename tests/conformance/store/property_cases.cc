#include <algorithm>
#include <random>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;

// One thing that happens to a message in a provider's hands.
struct Event {
  bool is_outcome = false;
  MessageState receipt = MessageState::kSent;
};

// The same outcome and receipts in any order, any of them twice, end the same.
TEST_P(StoreTest, TheOrderOfReceiptsDoesNotMatter) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  std::mt19937 random(7);
  const std::vector<Event> story = {{true, {}},
                                    {false, MessageState::kSent},
                                    {false, MessageState::kPartiallyDelivered},
                                    {false, MessageState::kDelivered}};
  for (int round = 0; round < 60; ++round) {
    std::vector<Event> events = story;
    events.push_back(story[random() % story.size()]);
    events.push_back(story[random() % story.size()]);
    std::shuffle(events.begin(), events.end(), random);
    const int64_t id = AcceptSome(campaign, route_id, 1);
    const ClaimedMessage message = Claim({{campaign.id, route_id, 1}}).messages.at(0);
    for (const Event& event : events) {
      if (event.is_outcome) {
        ASSERT_OK(Record({SentOutcome(message)}));
      } else {
        ASSERT_OK(Receive({Receipt(id, event.receipt)}));
      }
    }
    const domain::Message end = Get(id);
    EXPECT_EQ(end.state, MessageState::kDelivered);
    EXPECT_EQ(end.reason, StateReason::kNone);
    EXPECT_EQ(end.attempt_count, 1);
    EXPECT_EQ(end.attempts.size(), 1u);
    EXPECT_EQ(end.send_time, kNow);
    EXPECT_EQ(end.final_time, kNow);
  }
  ExpectCountersFit(campaign.account_id, campaign.id);
  EXPECT_EQ(store_->GetWebhookLag()->pending, 60);
  EXPECT_TRUE(store_->ListLapsedClaims(absl::InfiniteFuture(), 10)->empty());
}

TEST_P(StoreTest, ARetriedMessageThatWasDeliveredAllTheSameIsDelivered) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  OutcomeRecord unknown =
      RetryOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0), kNow + absl::Seconds(60));
  unknown.attempt.outcome = domain::AttemptOutcome::kUnknown;
  ASSERT_OK(Record({unknown}));
  EXPECT_EQ(Receive({Receipt(id, MessageState::kDelivered)})->applied, 1);
  EXPECT_EQ(StateOf(id), MessageState::kDelivered);
  EXPECT_EQ(*store_->NextPromotion(), std::nullopt);
  EXPECT_EQ(Receive({Receipt(id, MessageState::kUndelivered), Receipt(id + 5, MessageState::kRead),
                     Receipt(id, MessageState::kAccepted)})
                ->ignored,
            3);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, AReceiptBeforeTheAnswerStartsTheStatusTimeout) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  Claim({{campaign.id, route_id, 1}});
  ASSERT_OK(Receive({Receipt(id, MessageState::kSent)}));
  EXPECT_EQ(*store_->NextStatusDeadline(), kNow + campaign.status_timeout);
}

// Does whatever is possible, at random.
class RandomLife {
 public:
  explicit RandomLife(unsigned seed) : random_(seed) {}
  size_t Pick(size_t count) { return random_() % count; }
  // What is claimed and has no outcome yet.
  std::vector<ClaimedMessage> in_hand;
  std::vector<int64_t> ids;

 private:
  std::mt19937 random_;
};

TEST_P(StoreTest, CountersAlwaysFitTheMessages) {
  const int64_t account_id = MakeAccount().id;
  const std::vector<Campaign> campaigns = {MakeCampaign(account_id), MakeCampaign(account_id)};
  const int64_t route_id = MakeRoute();
  RandomLife life(11);
  absl::Time now = kNow;
  for (int step = 0; step < 400; ++step) {
    now += absl::Seconds(1);
    const Campaign& campaign = campaigns[life.Pick(2)];
    switch (life.Pick(10)) {
      case 0: {
        domain::NewMessage message = NewMessage(campaign.id, route_id, "x");
        message.segments = static_cast<int32_t>(1 + life.Pick(3));
        message.cost_micros = message.segments * 2'500'000;
        if (life.Pick(3) == 0) message.schedule_time = now + absl::Seconds(5);
        life.ids.push_back(AcceptOne(campaign, message, now));
        break;
      }
      case 1:
      case 2: {
        const Claimed claimed = Claim({{campaign.id, route_id, 2}}, "me", now);
        life.in_hand.insert(life.in_hand.end(), claimed.messages.begin(), claimed.messages.end());
        break;
      }
      case 3:
      case 4: {
        if (life.in_hand.empty()) break;
        const ClaimedMessage message = life.in_hand[life.Pick(life.in_hand.size())];
        OutcomeRecord outcome = life.Pick(2) == 0
                                    ? SentOutcome(message, now)
                                    : RetryOutcome(message, now + absl::Seconds(3), now);
        // Its text was made anew, and is longer or shorter than it was.
        if (life.Pick(3) == 0) outcome.segments = static_cast<int32_t>(1 + life.Pick(4));
        if (outcome.status_deadline.has_value()) outcome.status_deadline = now + absl::Seconds(20);
        ASSERT_OK(Record({outcome}, now));
        break;
      }
      case 5: {
        if (life.ids.empty()) break;
        const auto state = static_cast<MessageState>(3 + life.Pick(8));
        ASSERT_OK(Receive({Receipt(life.ids[life.Pick(life.ids.size())], state)}, now));
        break;
      }
      case 6: ASSERT_OK(store_->PromoteDue(now, 5)); break;
      case 7:
        if (!life.ids.empty()) {
          store_->CancelMessage(0, life.ids[life.Pick(life.ids.size())], now).IgnoreError();
        }
        break;
      case 8: ASSERT_OK(store_->ExpireStatuses(now, 5)); break;
      case 9:
        if (life.Pick(10) == 0) {
          ASSERT_OK(store_->EndWaiting(campaign.id, MessageState::kExpired,
                                       StateReason::kCampaignFinished, now, 1));
        }
        break;
    }
    if (step % 100 == 99) {
      Reopen();
      for (const Campaign& each : campaigns) ExpectCountersFit(account_id, each.id);
    }
  }
}

}  // namespace
}  // namespace campaigner::storage

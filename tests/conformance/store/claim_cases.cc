#include <algorithm>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using domain::MessageState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<int64_t> Ids(const std::vector<ClaimedMessage>& messages) {
  std::vector<int64_t> ids;
  for (const ClaimedMessage& message : messages) ids.push_back(message.id);
  return ids;
}

TEST_P(StoreTest, AClaimTakesTheOldestOfEachLaneUpToItsLimit) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_a = MakeRoute("a");
  const int64_t route_b = MakeRoute("b");
  const int64_t on_a = AcceptSome(campaign, route_a, 3);
  const int64_t on_b = AcceptSome(campaign, route_b, 1);
  const Claimed claimed = Claim({{campaign.id, route_a, 2}, {campaign.id, route_b, 2}});
  EXPECT_THAT(Ids(claimed.messages), ElementsAre(on_a, on_a + 1, on_b));
  ASSERT_THAT(claimed.drained, SizeIs(1));
  EXPECT_EQ(claimed.drained[0].route_id, route_b);
  EXPECT_EQ(claimed.messages[0].claim_id, claimed.messages[2].claim_id);
  EXPECT_THAT(Ids(Claim({{campaign.id, route_a, 9}}).messages), ElementsAre(on_a + 2));
  EXPECT_THAT(Claim({{campaign.id, route_a, 9}}).messages, IsEmpty());
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, ACampaignThatDoesNotRunGivesNone) {
  const auto set_paused = [](Campaign& paused) { paused.state = CampaignState::kPaused; };
  const Campaign campaign = MakeCampaign(MakeAccount().id, set_paused);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  EXPECT_THAT(Claim({{campaign.id, route_id, 10}}).messages, IsEmpty());
  EXPECT_THAT(Claim({{campaign.id + 1, route_id, 10}}).messages, IsEmpty());
  EXPECT_THAT(*store_->ListReadyLanes(0, 0, 10), IsEmpty());
  const auto resume = [](Campaign& paused) {
    paused.state = CampaignState::kRunning;
    return absl::OkStatus();
  };
  ASSERT_OK(store_->ChangeCampaign(0, campaign.id, kNow, resume));
  EXPECT_THAT(*store_->ListReadyLanes(0, 0, 10), SizeIs(1));
  EXPECT_THAT(Ids(Claim({{campaign.id, route_id, 10}}).messages), ElementsAre(id));
}

TEST_P(StoreTest, ReadyLanesAreWalkedInPages) {
  const int64_t account_id = MakeAccount().id;
  const int64_t route_a = MakeRoute("a");
  const int64_t route_b = MakeRoute("b");
  std::vector<Lane> expected;
  for (int i = 0; i < 3; ++i) {
    const Campaign campaign = MakeCampaign(account_id);
    AcceptSome(campaign, route_b, 2);
    AcceptSome(campaign, route_a, 2);
    expected.push_back({campaign.id, route_a});
    expected.push_back({campaign.id, route_b});
  }
  std::vector<Lane> walked;
  Lane after;
  while (true) {
    const auto lanes = store_->ListReadyLanes(after.campaign_id, after.route_id, 1);
    ASSERT_OK(lanes);
    if (lanes->empty()) break;
    after = {(*lanes)[0].campaign_id, (*lanes)[0].route_id};
    walked.push_back(after);
  }
  EXPECT_EQ(walked, expected);
}

TEST_P(StoreTest, TheOldestEligibleGoesFirst) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  ASSERT_OK(store_->SetCampaignOpen(campaign.id, true, kNow));
  const auto at = [](int seconds) { return kNow + absl::Seconds(seconds); };
  domain::NewMessage scheduled = NewMessage(campaign.id, route_id);
  scheduled.schedule_time = at(100);
  const int64_t late = AcceptOne(campaign, scheduled, at(1));
  const int64_t early = AcceptSome(campaign, route_id, 1, at(50));
  EXPECT_EQ(store_->PromoteDue(at(100), 10)->rows, 1);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}}, "me", at(101));
  ASSERT_THAT(Ids(claimed.messages), ElementsAre(early, late));
  EXPECT_EQ(claimed.messages[0].eligible_open_time, absl::Seconds(50));
  EXPECT_EQ(claimed.messages[1].eligible_open_time, absl::Seconds(100));
}

TEST_P(StoreTest, ALateOutcomeOnlyAddsToTheRecord) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  const ClaimedMessage first = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  // The rescuer took it back, and somebody else has it now.
  ASSERT_OK(Record({RetryOutcome(first, kNow)}));
  ASSERT_EQ(store_->PromoteDue(kNow, 10)->rows, 1);
  const ClaimedMessage second = Claim({{campaign.id, route_id, 1}}, "other").messages.at(0);
  EXPECT_EQ(second.attempt_number, 2);
  ASSERT_OK(Record({SentOutcome(first)}));
  EXPECT_EQ(StateOf(id), MessageState::kSending);
  EXPECT_EQ(Get(id).attempts.at(0).outcome, domain::AttemptOutcome::kAccepted);
  ASSERT_OK(Record({SentOutcome(second)}));
  EXPECT_EQ(StateOf(id), MessageState::kSent);
  EXPECT_THAT(Get(id).attempts, SizeIs(2));
  // A repeat changes nothing more, and an unknown message is no error.
  OutcomeRecord unknown = SentOutcome(second);
  unknown.message_id = id + 100;
  ASSERT_OK(Record({SentOutcome(second), unknown}));
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, ARetryWaitsForItsTime) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  const absl::Time again = kNow + absl::Seconds(60);
  ASSERT_OK(Record({RetryOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0), again)}));
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
  EXPECT_THAT(Claim({{campaign.id, route_id, 1}}).messages, IsEmpty());
  EXPECT_EQ(*store_->NextPromotion(), again);
  EXPECT_EQ(store_->PromoteDue(again - absl::Microseconds(1), 10)->rows, 0);
  EXPECT_EQ(store_->PromoteDue(again, 10)->rows, 1);
  EXPECT_EQ(*store_->NextPromotion(), std::nullopt);
  EXPECT_EQ(Claim({{campaign.id, route_id, 1}}).messages.at(0).attempt_number, 2);
}

TEST_P(StoreTest, WhatDoesNotCountIsNoAttempt) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);
  OutcomeRecord throttled = RetryOutcome(Claim({{campaign.id, route_id, 1}}).messages.at(0), kNow);
  throttled.attempt.outcome = domain::AttemptOutcome::kThrottled;
  throttled.counts_as_attempt = false;
  ASSERT_OK(Record({throttled}));
  EXPECT_EQ(Get(id).attempt_count, 0);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
  ASSERT_OK(store_->PromoteDue(kNow, 10));
  const ClaimedMessage second = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  EXPECT_EQ(second.attempt_number, 1);
  OutcomeRecord given_back = RetryOutcome(second, kNow);
  given_back.counts_as_attempt = false;
  given_back.was_attempted = false;
  given_back.after.next_attempt_time.reset();
  ASSERT_OK(Record({given_back}));
  // Without a time it is ready at once.
  const ClaimedMessage third = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  EXPECT_EQ(third.attempt_number, 1);
  EXPECT_EQ(Get(id).attempts.at(0).outcome, domain::AttemptOutcome::kThrottled);
}

TEST_P(StoreTest, ClaimsLapseUnlessRenewed) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 3);
  const Claimed mine = Claim({{campaign.id, route_id, 2}}, "me");
  Claim({{campaign.id, route_id, 2}}, "other");
  const absl::Time later = kNow + absl::Seconds(61);
  EXPECT_THAT(*store_->ListLapsedClaims(kNow, 10), IsEmpty());
  EXPECT_THAT(Ids(*store_->ListLapsedClaims(later, 10)), ElementsAre(first, first + 1, first + 2));
  EXPECT_THAT(*store_->ListLapsedClaims(later, 2), SizeIs(2));
  ASSERT_OK(store_->RenewLeases("other", later + absl::Seconds(60)));
  const auto lapsed = store_->ListLapsedClaims(later, 10);
  ASSERT_OK(lapsed);
  ASSERT_THAT(Ids(*lapsed), ElementsAre(first, first + 1));
  EXPECT_EQ((*lapsed)[0].claim_id, mine.messages[0].claim_id);
  EXPECT_EQ((*lapsed)[0].attempt_number, 1);
  EXPECT_EQ((*lapsed)[0].recipient, "79201234567");
  // What has an outcome is not listed any more.
  ASSERT_OK(Record({SentOutcome((*lapsed)[0])}));
  EXPECT_THAT(Ids(*store_->ListLapsedClaims(later, 10)), ElementsAre(first + 1));
}

TEST_P(StoreTest, AfterARestartTheClaimsOfOthersLapseAtOnce) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t first = AcceptSome(campaign, route_id, 4);
  const Claimed before = Claim({{campaign.id, route_id, 2}}, "before");
  ASSERT_OK(Record({SentOutcome(before.messages[0])}));
  Reopen();
  Claim({{campaign.id, route_id, 1}}, "me");
  ASSERT_OK(store_->LapseOtherClaims("me", kNow));
  const auto lapsed = store_->ListLapsedClaims(kNow, 10);
  ASSERT_OK(lapsed);
  ASSERT_THAT(Ids(*lapsed), ElementsAre(first + 1));
  ASSERT_OK(Record({RetryOutcome((*lapsed)[0], kNow)}));
  EXPECT_THAT(*store_->ListLapsedClaims(kNow + absl::Seconds(30), 10), IsEmpty());
  ASSERT_OK(store_->PromoteDue(kNow, 10));
  EXPECT_THAT(Ids(Claim({{campaign.id, route_id, 9}}).messages), ElementsAre(first + 1, first + 3));
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, MessagesLeaveARouteThatIsGone) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t gone = MakeRoute("gone");
  const int64_t kept = MakeRoute("kept");
  const int64_t fallback = MakeRoute("fallback");
  const int64_t ready = AcceptSome(campaign, gone, 3);
  const int64_t on_kept = AcceptSome(campaign, kept, 1);
  domain::NewMessage scheduled = NewMessage(campaign.id, gone);
  scheduled.schedule_time = kNow + absl::Hours(1);
  const int64_t waiting = AcceptOne(campaign, scheduled);
  const std::vector<DispatchStore::KnownRoute> routes = {{kept, "sms"}, {fallback, "sms"}};
  const RoutePicker pick = [&](std::string_view channel, std::string_view /*recipient*/) {
    EXPECT_EQ(channel, "sms");
    return std::optional(PickedRoute{fallback, 7});
  };
  const auto first = store_->RerouteStray(routes, pick, kNow, 2);
  ASSERT_OK(first);
  EXPECT_EQ(first->rows, 2);
  EXPECT_TRUE(first->more);
  const auto second = store_->RerouteStray(routes, pick, kNow, 10);
  EXPECT_EQ(second->rows, 2);
  EXPECT_FALSE(second->more);
  EXPECT_EQ(store_->RerouteStray(routes, pick, kNow, 10)->rows, 0);
  EXPECT_EQ(Get(waiting).route_id, fallback);
  EXPECT_EQ(Get(waiting).cost_micros, 7 * Get(waiting).segments);
  EXPECT_EQ(Get(on_kept).route_id, kept);
  EXPECT_THAT(Ids(Claim({{campaign.id, fallback, 9}}).messages),
              ElementsAre(ready, ready + 1, ready + 2));
  ExpectCountersFit(campaign.account_id, campaign.id);
}

TEST_P(StoreTest, MessagesThatNoRouteCarriesAnyMoreAreRejected) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t of_another_channel = MakeRoute("mail");
  const int64_t id = AcceptSome(campaign, of_another_channel, 1);
  const auto step = store_->RerouteStray(
      {{of_another_channel, "email"}},
      [](std::string_view, std::string_view) { return std::nullopt; }, kNow, 10);
  ASSERT_OK(step);
  EXPECT_EQ(step->rows, 1);
  EXPECT_EQ(Get(id).state, MessageState::kRejected);
  EXPECT_EQ(Get(id).reason, domain::StateReason::kNoRoute);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

}  // namespace
}  // namespace campaigner::storage

#include "server/dispatch/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace campaigner::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class LanesTest : public ::testing::Test {
 protected:
  LanesTest() {
    route_.id = 1;
    route_.concurrency_max = 100;
  }

  CampaignRun& Campaign(int64_t id, int32_t order, int32_t per_second = 0) {
    auto campaign = std::make_shared<domain::Campaign>();
    campaign->id = id;
    campaign->order = order;
    campaign->rate.limit = per_second;
    campaign->rate.period = absl::Seconds(1);
    CampaignRun& run = campaigns_[id];
    run.campaign = campaign;
    run.is_open = true;
    run.recheck_time = absl::InfiniteFuture();
    // As if it had sent all that it may.
    if (per_second > 0) run.gate.emplace(campaign->rate, now_);
    return run;
  }

  RouteRun& Route() {
    if (run_ == nullptr) run_ = std::make_unique<RouteRun>(route_, breaker_, figures_, now_);
    return *run_;
  }

  LaneRun& Lane(int64_t id, int32_t order, int32_t per_second = 0) {
    LaneRun& lane = Route().Lane(id, Campaign(id, order, per_second));
    lane.is_ready = true;
    return lane;
  }

  void Queue(LaneRun& lane, int count) {
    for (int i = 0; i < count; ++i) {
      lane.queue.emplace_back();
      lane.queue.back().claimed.campaign_id = lane.campaign_id;
    }
  }

  // Campaign and number of messages of each claim.
  std::map<int64_t, int> Plan(int budget = 1000) {
    std::vector<storage::LaneClaim> claims;
    Route().PlanClaims(now_, budget, claims, wake_);
    std::map<int64_t, int> planned;
    for (const storage::LaneClaim& claim : claims) planned[claim.campaign_id] += claim.limit;
    return planned;
  }

  // How many of each campaign go when `places` are free.
  std::map<int64_t, int> Take(int places) {
    std::vector<QueuedMessage> out;
    const auto keep_all = [](LaneRun&, int) {};
    while (static_cast<int>(out.size()) < places &&
           Route().TakeTurn(now_, places - static_cast<int>(out.size()), keep_all, out, wake_) >
               0) {
    }
    std::map<int64_t, int> taken;
    for (const QueuedMessage& message : out) ++taken[message.claimed.campaign_id];
    return taken;
  }

  struct Route route_;
  Breaker breaker_;
  DispatchMetrics::RouteFigures figures_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  absl::Time wake_ = absl::InfiniteFuture();
  std::map<int64_t, CampaignRun> campaigns_;
  std::unique_ptr<RouteRun> run_;
};

TEST_F(LanesTest, ClaimsWhatThereArePlacesFor) {
  Lane(1, 1);
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 100)));
  EXPECT_THAT(Plan(), IsEmpty()) << "what is under way counts";
}

TEST_F(LanesTest, ClaimsNoMoreThanTheBudget) {
  Lane(1, 1);
  EXPECT_THAT(Plan(30), ElementsAre(Pair(1, 30)));
}

TEST_F(LanesTest, MoreImportantOrdersLeaveNothing) {
  Lane(1, 0);
  Lane(2, 5);
  Lane(3, 1);
  EXPECT_THAT(Plan(), ElementsAre(Pair(3, 100)));
}

TEST_F(LanesTest, LessImportantHoldingsDoNotCount) {
  Queue(Lane(1, 5), 100);
  Lane(2, 1);
  EXPECT_THAT(Plan(), ElementsAre(Pair(2, 100)));
}

TEST_F(LanesTest, EqualOrdersShare) {
  Lane(1, 3);
  Lane(2, 3);
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 50), Pair(2, 50)));
}

TEST_F(LanesTest, ManyLanesTakeTurnsAtClaiming) {
  route_.concurrency_max = 20;
  for (int64_t id = 1; id <= 6; ++id) Lane(id, 3);
  std::map<int64_t, int> claimed;
  for (int round = 0; round < 3; ++round) {
    for (const auto& [id, count] : Plan()) {
      claimed[id] += count;
      Route().FindLane(id)->claiming = 0;
    }
  }
  for (int64_t id = 1; id <= 6; ++id) EXPECT_EQ(claimed[id], 10) << id;
}

TEST_F(LanesTest, WhatOneDoesNotWantOthersGet) {
  // 100 a second: 25 in the quarter of a second that is claimed ahead.
  Lane(1, 3, 100);
  Lane(2, 3);
  now_ += absl::Seconds(1);
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 25), Pair(2, 75)));
}

TEST_F(LanesTest, WaitingForItsOwnRateTakesNoRoomFromOthers) {
  Queue(Lane(1, 1, 1), 100);
  Lane(2, 2);
  EXPECT_THAT(Plan(), ElementsAre(Pair(2, 100)));
}

TEST_F(LanesTest, LimitedLanesAreClaimedShortlyBeforeTheirTime) {
  LaneRun& lane = Lane(1, 1, 1);
  ASSERT_EQ(lane.run->gate->NextAvailable(now_), now_ + absl::Seconds(1));
  EXPECT_THAT(Plan(), IsEmpty());
  EXPECT_EQ(wake_, now_ + absl::Seconds(1) - RouteRun::kAhead);
  now_ = wake_;
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 1)));
}

// However large the rate: what is held is lost to a crash, and unknown then.
TEST_F(LanesTest, ALaneWithALargeRateHoldsNoMoreThanItsRouteSends) {
  LaneRun& lane = Lane(1, 1, 1'000'000);
  now_ += absl::Seconds(1);
  Route().throughput.Within(RouteRun::kAhead, now_);
  Route().throughput.Count(4000);
  now_ += absl::Seconds(2);
  for (int i = 0; i < 20; ++i) Plan();
  EXPECT_EQ(lane.held(), 100 + 500);
}

TEST_F(LanesTest, ManyLanesWithRatesHoldSomeMegabytesTogether) {
  for (int64_t id = 1; id <= 200; ++id) Lane(id, 1, 1'000'000);
  now_ += absl::Seconds(1);
  for (int i = 0; i < 300; ++i) Plan();
  int held = 0;
  for (const auto& [id, lane] : Route().lanes) held += lane->held();
  EXPECT_LE(held, RouteRun::kAheadMax);
}

// Its first message has more segments than the rate gives soon: it would only be given back.
TEST_F(LanesTest, ABlockedLaneIsNotClaimedLongBefore) {
  Lane(1, 1, 100).blocked_until = now_ + absl::Minutes(1);
  now_ += absl::Seconds(1);
  EXPECT_THAT(Plan(), IsEmpty());
  EXPECT_EQ(wake_, now_ + absl::Seconds(59) - RouteRun::kAhead);
}

TEST_F(LanesTest, NothingGoesAfterTheScheduleHasClosed) {
  LaneRun& lane = Lane(1, 1);
  Queue(lane, 10);
  lane.run->recheck_time = now_ + absl::Seconds(1);
  EXPECT_THAT(Take(5), ElementsAre(Pair(1, 5)));
  now_ += absl::Seconds(1);
  EXPECT_THAT(Take(5), IsEmpty()) << "nobody has looked yet, but it is time to";
}

TEST_F(LanesTest, ClosedAndDrainedLanesAreNotClaimed) {
  Lane(1, 1).run->is_open = false;
  Lane(2, 1).is_ready = false;
  EXPECT_THAT(Plan(), IsEmpty());
}

TEST_F(LanesTest, OpenBreakerClaimsNothingHalfOpenOne) {
  Lane(1, 1);
  for (int i = 0; i < Breaker::kFailuresMax; ++i) {
    breaker_.OnOutcome(domain::AttemptOutcome::kUnknown, now_);
  }
  EXPECT_TRUE(Route().IsBlocked(now_));
  EXPECT_THAT(Plan(), IsEmpty());
  now_ = breaker_.open_until();
  EXPECT_FALSE(Route().IsBlocked(now_));
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 1)));
}

TEST_F(LanesTest, ThrottledRouteRestsWithinReason) {
  Lane(1, 1);
  Route().Throttle(absl::Hours(10), now_);
  EXPECT_THAT(Plan(), IsEmpty());
  now_ += absl::Minutes(5);
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 100)));
}

TEST_F(LanesTest, ClaimsRunAheadByTheThroughput) {
  Lane(1, 1);
  Route().throughput.Within(RouteRun::kAhead, now_);
  Route().throughput.Count(4000);
  now_ += absl::Seconds(2);
  // 2,000 a second: 500 in a quarter of a second, and 100 places.
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 600)));
}

TEST_F(LanesTest, MoreImportantOrdersGoFirst) {
  Queue(Lane(1, 0), 50);
  Queue(Lane(2, 7), 50);
  Queue(Lane(3, 1), 50);
  EXPECT_THAT(Take(80), ElementsAre(Pair(2, 30), Pair(3, 50)));
  EXPECT_THAT(Take(100), ElementsAre(Pair(1, 50), Pair(2, 20)));
}

TEST_F(LanesTest, EqualOrdersTakeTurns) {
  for (int64_t id = 1; id <= 3; ++id) Queue(Lane(id, 3), 100);
  EXPECT_THAT(Take(60), ElementsAre(Pair(1, 20), Pair(2, 20), Pair(3, 20)));
  std::map<int64_t, int> single;
  for (int i = 0; i < 30; ++i) {
    for (const auto& [id, count] : Take(1)) single[id] += count;
  }
  EXPECT_THAT(single, ElementsAre(Pair(1, 10), Pair(2, 10), Pair(3, 10)));
}

TEST_F(LanesTest, LimitedLanesDoNotHoldUpOthers) {
  Queue(Lane(1, 1, 1), 10);
  Queue(Lane(2, 2), 10);
  EXPECT_THAT(Take(100), ElementsAre(Pair(2, 10)));
  EXPECT_EQ(wake_, now_ + absl::Seconds(1));
  now_ = wake_;
  EXPECT_THAT(Take(100), ElementsAre(Pair(1, 1)));
}

TEST_F(LanesTest, UnitsThatTheRouteRefusesGoBackToTheCampaign) {
  route_.options.messages_per_second_max = 1;
  Queue(Lane(1, 1, 10), 20);
  now_ += absl::Seconds(1);
  EXPECT_THAT(Take(100), ElementsAre(Pair(1, 1)));
  // Nothing of the campaign's own rate was lost to what the route held back.
  EXPECT_LE(Route().FindLane(1)->run->gate->NextAvailable(now_), now_ + absl::Milliseconds(100));
}

TEST_F(LanesTest, RouteRateIsExactForFractions) {
  route_.options.messages_per_second_max = 0.5;
  Queue(Lane(1, 1), 10);
  int gone = 0;
  for (int i = 0; i < 100; ++i) {
    now_ += absl::Milliseconds(100);
    for (const auto& [id, count] : Take(100)) gone += count;
  }
  EXPECT_EQ(gone, 5);
}

TEST_F(LanesTest, ReorderedLaneStandsInItsNewClass) {
  LaneRun& lane = Lane(1, 5);
  Queue(lane, 10);
  Queue(Lane(2, 3), 10);
  Campaign(1, 2);
  Route().Reorder(lane);
  EXPECT_THAT(Take(10), ElementsAre(Pair(1, 10)));
}

TEST_F(LanesTest, IdleLanesAreForgotten) {
  Lane(1, 1).is_ready = false;
  Lane(2, 1).is_ready = false;
  Lane(3, 2).is_ready = false;
  Route().FindLane(2)->in_flight = 1;
  Route().DropIdleLanes();
  EXPECT_EQ(Route().FindLane(1), nullptr);
  EXPECT_NE(Route().FindLane(2), nullptr);
  EXPECT_EQ(Route().classes.size(), 1U);
}

// One place: the campaign with a rate has its turn; its neighbour's turn comes before those behind.
TEST_F(LanesTest, ANeighbourWithARateLetsNobodyBehindGoFirst) {
  route_.concurrency_max = 1;
  Lane(1, /*order=*/1, /*per_second=*/100);
  Lane(2, /*order=*/1);
  Lane(3, /*order=*/2);
  EXPECT_THAT(Plan(), ElementsAre(Pair(1, 1)));
}

}  // namespace
}  // namespace campaigner::dispatch

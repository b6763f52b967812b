#include "server/dispatch/outlook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dispatch/core_fixture.h"

namespace campaigner::dispatch {
namespace {

using domain::CampaignState;
using domain::MessageState;
using ::testing::HasSubstr;

// Monday, 2023-11-20 00:00 UTC.
const absl::Time kNow = absl::FromUnixSeconds(1'700'438'400);

class OutlookTest : public ::testing::Test {
 protected:
  OutlookTest() {
    campaign_.state = CampaignState::kRunning;
    counters_ = {{MessageState::kAccepted, 5, 5}};
  }

  Outlook Make() { return MakeOutlook({campaign_, zone_, counters_, hint_, waiting_}, kNow); }

  domain::Campaign campaign_;
  absl::TimeZone zone_ = absl::UTCTimeZone();
  std::vector<storage::CampaignCounter> counters_;
  std::optional<SendHint> hint_;
  std::optional<storage::WaitingMessages> waiting_;
};

TEST_F(OutlookTest, StatesHold) {
  const struct {
    CampaignState state;
    Hold hold;
  } cases[] = {{CampaignState::kNew, Hold::kNotStarted},
               {CampaignState::kPaused, Hold::kHeldByPause},
               {CampaignState::kSent, Hold::kCampaignOver},
               {CampaignState::kDone, Hold::kCampaignOver},
               {CampaignState::kCancelled, Hold::kCampaignOver}};
  for (const auto& c : cases) {
    campaign_.state = c.state;
    EXPECT_EQ(Make().hold, c.hold);
    EXPECT_EQ(Make().next_send_time, std::nullopt);
    EXPECT_FALSE(Make().explanation.empty());
  }
  campaign_.state = CampaignState::kDeferred;
  campaign_.start_time = kNow + absl::Hours(33);
  EXPECT_EQ(Make().hold, Hold::kBeforeStartTime);
  EXPECT_EQ(Make().next_send_time, campaign_.start_time);
  EXPECT_THAT(Make().explanation, HasSubstr("Tuesday 09:00 (UTC)"));
}

TEST_F(OutlookTest, SendsOrHasNothingToSend) {
  EXPECT_EQ(Make().hold, Hold::kNone);
  EXPECT_EQ(Make().next_send_time, kNow);
  counters_ = {{MessageState::kDelivered, 5, 5}};
  EXPECT_EQ(Make().hold, Hold::kNothingWaiting);
}

TEST_F(OutlookTest, AClosedScheduleHoldsUntilItOpens) {
  campaign_.schedule.emplace();
  campaign_.schedule->hours.set(24 + 9);
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Moscow", &zone_));
  const Outlook outlook = Make();
  EXPECT_EQ(outlook.hold, Hold::kScheduleClosed);
  EXPECT_EQ(outlook.next_send_time, kNow + absl::Hours(24 + 6));
  EXPECT_EQ(outlook.explanation, "outside its schedule until Tuesday 09:00 (Europe/Moscow)");
}

TEST_F(OutlookTest, HintsOfTheLoopHold) {
  for (const Hold hold : {Hold::kRateReached, Hold::kProviderAway, Hold::kProviderThrottles}) {
    hint_ = SendHint{hold, kNow + absl::Seconds(30)};
    EXPECT_EQ(Make().hold, hold);
    EXPECT_EQ(Make().next_send_time, kNow + absl::Seconds(30));
    EXPECT_THAT(Make().explanation, HasSubstr("00:00:30"));
  }
  hint_ = SendHint{Hold::kWaitingForTurn, kNow};
  EXPECT_EQ(Make().hold, Hold::kWaitingForTurn);
  EXPECT_EQ(Make().next_send_time, std::nullopt);
  hint_ = SendHint{Hold::kStorageUnavailable, kNow};
  EXPECT_EQ(Make().hold, Hold::kStorageUnavailable);
  EXPECT_EQ(Make().next_send_time, std::nullopt);
  hint_ = SendHint{Hold::kProviderAway, kNow - absl::Seconds(1)};
  EXPECT_EQ(Make().hold, Hold::kProviderAway);
  EXPECT_EQ(Make().next_send_time, std::nullopt) << "who knows what comes of the one that tries";
  hint_ = SendHint{};
  EXPECT_EQ(Make().hold, Hold::kNone);
}

TEST_F(OutlookTest, WhatWaitsIsNotDueOrQuiet) {
  waiting_ = storage::WaitingMessages{kNow + absl::Hours(2), false};
  EXPECT_EQ(Make().hold, Hold::kNotDue);
  EXPECT_EQ(Make().next_send_time, kNow + absl::Hours(2));
  waiting_->is_quiet = true;
  EXPECT_EQ(Make().hold, Hold::kRecipientsQuiet);
  // After the finish there is no next time.
  campaign_.finish_time = kNow + absl::Hours(1);
  EXPECT_EQ(Make().next_send_time, std::nullopt);
  // Before its schedule opens it does not send either.
  campaign_.finish_time.reset();
  campaign_.schedule.emplace();
  campaign_.schedule->hours.set(0);
  campaign_.schedule->hours.set(5);
  EXPECT_EQ(Make().next_send_time, kNow + absl::Hours(5));
}

TEST_F(OutlookTest, TheLaneThatIsHeldLeastSpeaks) {
  std::optional<SendHint> all;
  Merge({Hold::kRateReached, kNow + absl::Seconds(9)}, all);
  Merge({Hold::kProviderAway, kNow + absl::Seconds(5)}, all);
  EXPECT_EQ(all->hold, Hold::kProviderAway);
  Merge({Hold::kWaitingForTurn, kNow}, all);
  EXPECT_EQ(all->hold, Hold::kWaitingForTurn);
  Merge({Hold::kNone, kNow}, all);
  Merge({Hold::kRateReached, kNow}, all);
  EXPECT_EQ(all->hold, Hold::kNone);
}

class OutlookBoardTest : public campaigner::testing::CoreFixture {
 protected:
  OutlookBoardTest() { options_.outlook = &board_; }
  std::optional<Hold> HoldOf(int64_t campaign_id) {
    const auto hint = board_.Find(campaign_id, clock_.Now());
    return hint.has_value() ? std::optional(hint->hold) : std::nullopt;
  }
  OutlookBoard board_;
};

TEST_F(OutlookBoardTest, TheLoopSaysWhatHoldsCampaignsUp) {
  Start();
  domain::Campaign slow = Draft();
  slow.rate = {1, absl::Hours(1)};
  const int64_t rated = Create(slow);
  const int64_t idle = Create(Draft());
  Send(rated, 3);
  Run(absl::Minutes(1));
  EXPECT_EQ(HoldOf(rated), Hold::kRateReached);
  EXPECT_EQ(HoldOf(idle), std::nullopt);
  provider().answer = [](const auto&) {
    auto outcome =
        campaigner::testing::ScriptedProvider::Outcome(domain::AttemptOutcome::kThrottled);
    outcome.retry_after = absl::Minutes(2);
    return outcome;
  };
  Send(idle, 1);
  Run(absl::Milliseconds(500));
  Send(idle, 1);
  Run(absl::Seconds(20));
  EXPECT_EQ(HoldOf(idle), Hold::kProviderThrottles);
}

TEST_F(OutlookBoardTest, AFreshStartSendsAndWaitsForNobody) {
  options_.routes[0].messages_per_second_max = 1;
  Start();
  // The route has just sent for another; its turn comes within a moment.
  Send(Create(Draft()), 1);
  Run(absl::Milliseconds(300));
  const int64_t campaign = Create(Draft());
  Send(campaign, 5);
  Run(absl::Milliseconds(300));
  EXPECT_EQ(HoldOf(campaign), Hold::kNone);
}

// Whenever it does not send within the moment, the rate is what holds it.
TEST_F(OutlookBoardTest, ASlowRateIsNeverAWaitForOthers) {
  Start();
  domain::Campaign slow = Draft();
  slow.rate = {1, absl::Seconds(3)};
  const int64_t campaign = Create(slow);
  Send(campaign, 20);
  for (int i = 0; i < 60; ++i) {
    Run(absl::Milliseconds(500));
    const std::optional<Hold> hold = HoldOf(campaign);
    EXPECT_TRUE(hold == Hold::kRateReached || hold == Hold::kNone) << i;
  }
  EXPECT_EQ(provider().given.size(), 11U) << "at both ends";
}

TEST_F(OutlookBoardTest, WhoWaitsForTheOneThatTriesAProviderWaitsForTheProvider) {
  Start();
  provider().answer = [](const auto&) {
    return campaigner::testing::ScriptedProvider::Outcome(domain::AttemptOutcome::kPassingFailure);
  };
  domain::Campaign draft = Draft();
  draft.message_attempts = 10;
  Send(Create(draft), 100);
  Run(absl::Milliseconds(100));
  const int64_t other = Create(Draft());
  Send(other, 5);
  Run(absl::Milliseconds(500));
  EXPECT_EQ(HoldOf(other), Hold::kProviderAway);
  // From now on nobody answers the one message that is let through.
  provider().is_holding = true;
  const size_t given = provider().given.size();
  Run(absl::Seconds(30));
  EXPECT_EQ(provider().given.size(), given + 1);
  EXPECT_EQ(HoldOf(other), Hold::kProviderAway);
}

TEST_F(OutlookBoardTest, TheLessImportantAreSeenToWaitAsSoonAsTheyDo) {
  options_.routes[0].concurrency_max = 10;
  Start();
  provider().is_holding = true;
  const int64_t last = Create(Draft());
  Send(last, 50);
  Run(absl::Milliseconds(100));
  domain::Campaign first = Draft();
  first.order = 1;
  Send(Create(first), 5000);
  for (int i = 0; i < 50; ++i) {
    Run(absl::Milliseconds(100));
    provider().Release();
    provider().is_holding = true;
  }
  EXPECT_EQ(HoldOf(last), Hold::kWaitingForTurn);
}

}  // namespace
}  // namespace campaigner::dispatch

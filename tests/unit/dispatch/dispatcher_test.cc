#include "server/dispatch/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/dispatch/core_fixture.h"

namespace campaigner::testing {
namespace {

using domain::AttemptOutcome;
using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;

class DispatcherTest : public CoreFixture {};

TEST_F(DispatcherTest, SendsWhatIsAccepted) {
  options_.dispatcher.receipt_base_url = "http://gateway";
  Start();
  domain::Campaign draft = Draft();
  draft.sender = "Shop";
  const int64_t id = Send(Create(draft), 1);
  core_->Settle();
  ASSERT_EQ(provider().given.size(), 1U);
  const providers::Submission& submission = provider().given[0].submission;
  EXPECT_EQ(submission.message_id, id);
  EXPECT_EQ(submission.attempt_number, 1);
  EXPECT_EQ(submission.recipient, "79201234567");
  EXPECT_EQ(submission.sender, "Shop");
  EXPECT_EQ(submission.text, "hello Ann");
  EXPECT_EQ(submission.receipt_url, "http://gateway/receipts/v1/main/" + submission.reference);
  const domain::Message message = Get(id);
  EXPECT_EQ(message.state, MessageState::kSent);
  ASSERT_EQ(message.attempts.size(), 1U);
  EXPECT_EQ(message.attempts[0].outcome, AttemptOutcome::kAccepted);
}

TEST_F(DispatcherTest, ManyMessagesAllGoOnce) {
  Start();
  const int64_t first = Send(Create(Draft()), 5000);
  core_->Settle();
  std::map<int64_t, int> times;
  for (const auto& given : provider().given) ++times[given.submission.message_id];
  EXPECT_EQ(times.size(), 5000U);
  EXPECT_EQ(times.begin()->first, first);
  EXPECT_EQ(provider().given.size(), 5000U);
}

TEST_F(DispatcherTest, PausedCampaignGivesBackWhatWasClaimed) {
  options_.routes[0].messages_per_second_max = 10;
  Start();
  const int64_t campaign = Create(Draft());
  Send(campaign, 100);
  Run(absl::Seconds(2));
  const size_t sent = provider().given.size();
  EXPECT_GE(sent, 10U);
  SetState(campaign, CampaignState::kPaused);
  core_->Settle();
  Run(absl::Minutes(1));
  EXPECT_EQ(provider().given.size(), sent);
  ASSERT_OK_AND_ASSIGN(const auto depths, store().QueueDepths());
  for (const auto& depth : depths) {
    if (depth.state == MessageState::kSending) {
      EXPECT_EQ(depth.messages, 0);
    }
  }
  SetState(campaign, CampaignState::kRunning);
  Run(absl::Minutes(1));
  EXPECT_EQ(provider().given.size(), 100U);
  for (const auto& given : provider().given) EXPECT_EQ(given.submission.attempt_number, 1);
}

TEST_F(DispatcherTest, AStartThatIsPutOffHoldsWhatWasClaimed) {
  options_.routes[0].messages_per_second_max = 10;
  Start();
  domain::Campaign draft = Draft();
  // Ignored, now that it has a start.
  draft.schedule.emplace();
  draft.schedule->hours.set();
  draft.late_start = domain::LateStart::kSkip;
  draft.late_start_after = absl::Minutes(1);
  const int64_t campaign = Create(draft);
  Send(campaign, 100);
  Run(absl::Seconds(2));
  const size_t sent = provider().given.size();
  EXPECT_GE(sent, 10U);
  const absl::Time start = clock_.Now() + absl::Hours(1);
  Change(campaign, [&](domain::Campaign& changed) { changed.start_time = start; });
  Run(absl::Minutes(59));
  EXPECT_EQ(provider().given.size(), sent);
  EXPECT_EQ(StateOf(campaign), CampaignState::kDeferred);
  // The server was away when it should have gone on: it has begun long ago, so it is not late.
  core_.reset();
  clock_.Advance(absl::Hours(1));
  Restart();
  Run(absl::Minutes(1));
  EXPECT_EQ(StateOf(campaign), CampaignState::kRunning);
  ASSERT_EQ(provider().given.size(), 100U);
  EXPECT_GE(provider().given[sent].time, start);
}

TEST_F(DispatcherTest, TheScheduleHoldsThroughALongRound) {
  Start();
  domain::Campaign draft = Draft();
  draft.schedule.emplace();
  draft.schedule->hours.set(0);
  draft.schedule->hours.set(5);
  const absl::Time close = absl::FromUnixSeconds(1'700'438'400) + absl::Hours(1);
  clock_.Set(close - absl::Seconds(30));
  // Each batch takes ten seconds to be handed over.
  provider().answer = [&](const auto&) {
    if (provider().given.size() % 10 == 0) clock_.Advance(absl::Seconds(10));
    return ScriptedProvider::Accepted();
  };
  Send(Create(draft), 500);
  core_->Settle();
  EXPECT_EQ(provider().given.size(), 30U);
  for (const auto& given : provider().given) EXPECT_LT(given.time, close);
}

// A retry is claimed behind what was claimed before it became ready, though it is older.
TEST_F(DispatcherTest, ARetryPastItsTimeIsNotSentWhereverItStands) {
  options_.routes[0].concurrency_max = 10;
  Start();
  const int64_t campaign = Create(Draft());
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  const int64_t old = Send(campaign, 1);
  core_->Settle();
  provider().answer = [](const auto&) { return ScriptedProvider::Accepted(); };
  ASSERT_OK_AND_ASSIGN(const auto waiting, store().PeekWaiting(campaign));
  ASSERT_TRUE(waiting.has_value());
  const absl::Time end = waiting->next_due + absl::Milliseconds(100);
  Change(campaign,
         [&](domain::Campaign& changed) { changed.sending_timeout = end - Get(old).create_time; });
  Run(waiting->next_due - absl::Seconds(2) - clock_.Now());
  Send(campaign, 1000);
  // A hundred a second, and a quarter of that waits in the queue.
  while (clock_.Now() < end + absl::Seconds(2)) {
    provider().is_holding = true;
    Run(absl::Milliseconds(100));
    provider().Release();
  }
  core_->Settle();
  EXPECT_GT(provider().given.size(), 300U);
  for (const auto& given : provider().given) {
    EXPECT_TRUE(given.submission.message_id != old || given.time < end) << given.time - end;
  }
  EXPECT_EQ(Get(old).state, MessageState::kExpired);
}

TEST_F(DispatcherTest, WhoCameOntoTheStopListGetsNothing) {
  Start();
  const int64_t campaign = Create(Draft());
  SetState(campaign, CampaignState::kPaused);
  const int64_t message = Send(campaign, 1);
  ASSERT_OK(store().AddToStopList({{.account_id = account_id_,
                                    .address = "79201234567",
                                    .note = "",
                                    .create_time = clock_.Now()}}));
  SetState(campaign, CampaignState::kRunning);
  Run(absl::Minutes(1));
  EXPECT_EQ(provider().given.size(), 0U);
  ASSERT_OK_AND_ASSIGN(const domain::Message after, store().GetMessage(0, message, false));
  EXPECT_EQ(after.state, MessageState::kRejected);
  EXPECT_EQ(after.reason, domain::StateReason::kStopListed);

  ASSERT_OK(store().RemoveFromStopList(account_id_, {"79201234567"}));
  Send(campaign, 1);
  Run(absl::Minutes(1));
  EXPECT_EQ(provider().given.size(), 1U);
}

TEST_F(DispatcherTest, TheStopListedTakeNothingFromTheRate) {
  Start();
  const int64_t campaign = Create(Draft());
  SetState(campaign, CampaignState::kPaused);
  Change(campaign, [](domain::Campaign& changed) { changed.rate = {10, absl::Hours(1)}; });
  Send(campaign, 20);
  ASSERT_OK(store().AddToStopList({{.account_id = account_id_,
                                    .address = "79201234567",
                                    .note = "",
                                    .create_time = clock_.Now()}}));
  SetState(campaign, CampaignState::kRunning);
  Run(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const auto counters, store().GetCampaignCounters(campaign));
  ASSERT_EQ(counters.size(), 1U);
  EXPECT_EQ(counters[0].state, MessageState::kRejected);
}

TEST_F(DispatcherTest, CampaignRateHoldsInEveryWindow) {
  Start();
  domain::Campaign draft = Draft();
  draft.rate.limit = 30;
  draft.rate.period = absl::Minutes(1);
  Send(Create(draft), 100);
  const absl::Time start = clock_.Now();
  Run(absl::Minutes(5));
  const auto& given = provider().given;
  ASSERT_EQ(given.size(), 100U);
  for (size_t i = 30; i < given.size(); ++i) {
    EXPECT_GE(given[i].time - given[i - 30].time, absl::Minutes(1));
  }
  EXPECT_LE(given.back().time - start, absl::Minutes(4));
}

TEST_F(DispatcherTest, BlockedRouteHoldsUpNobody) {
  AddRoute("other", {"1"});
  Start();
  provider(0).is_holding = true;
  const int64_t campaign = Create(Draft());
  Send(campaign, 3000);
  Send(campaign, 3000, std::nullopt, 1);
  core_->Settle();
  EXPECT_EQ(provider(0).given.size(), 1000U) << "as many as have a place";
  EXPECT_EQ(provider(1).given.size(), 3000U);
  provider(0).Release();
  core_->Settle();
  EXPECT_EQ(provider(0).given.size(), 3000U);
}

TEST_F(DispatcherTest, LimitedCampaignHoldsUpNobody) {
  Start();
  domain::Campaign slow = Draft();
  slow.order = 1;
  slow.rate.limit = 1;
  slow.rate.period = absl::Hours(1);
  Send(Create(slow), 5000);
  Send(Create(Draft()), 500);
  core_->Settle();
  EXPECT_EQ(provider().given.size(), 501U);
}

TEST_F(DispatcherTest, LowerOrderGoesFirst) {
  options_.routes[0].concurrency_max = 10;
  Start();
  provider().is_holding = true;
  domain::Campaign last = Draft();
  domain::Campaign first = Draft();
  first.order = 1;
  const int64_t last_id = Send(Create(last), 50);
  core_->Settle();
  const int64_t first_id = Send(Create(first), 50);
  core_->Settle();
  provider().Release();
  core_->Settle();
  const auto& given = provider().given;
  ASSERT_EQ(given.size(), 100U);
  // What had a place before keeps it.
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(given[i].submission.message_id, last_id + int64_t(i));
  for (size_t i = 10; i < 60; ++i) EXPECT_GE(given[i].submission.message_id, first_id) << i;
  for (size_t i = 60; i < 100; ++i) EXPECT_LT(given[i].submission.message_id, first_id) << i;
}

// By their arrival at the provider, at every moment while all have something to send.
TEST_F(DispatcherTest, EqualsTakeTurns) {
  options_.routes[0].concurrency_max = 30;
  Start();
  provider().is_holding = true;
  std::map<int64_t, int64_t> campaign_of;
  for (int i = 0; i < 3; ++i) {
    const int64_t campaign = Create(Draft());
    const int64_t first = Send(campaign, 300);
    for (int64_t id = first; id < first + 300; ++id) campaign_of[id] = campaign;
  }
  for (int i = 0; i < 60; ++i) {
    Run(absl::Milliseconds(100));
    provider().Release();
    provider().is_holding = true;
  }
  ASSERT_EQ(provider().given.size(), 900U);
  std::map<int64_t, int> gone;
  for (const auto& [id, campaign] : campaign_of) gone[campaign] = 0;
  for (const auto& given : provider().given) {
    ++gone[campaign_of.at(given.submission.message_id)];
    const auto [least, most] = std::minmax_element(
        gone.begin(), gone.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    ASSERT_LE(most->second - least->second, 2 * 10) << "two turns";
  }
}

TEST_F(DispatcherTest, TriesAgainAndGivesUp) {
  Start();
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  const int64_t id = Send(Create(Draft()), 1);
  Run(absl::Minutes(10));
  ASSERT_EQ(provider().given.size(), 3U);
  // 60 s, then 120 s, each within a tenth.
  EXPECT_GE(provider().given[1].time - provider().given[0].time, absl::Seconds(54));
  EXPECT_GE(provider().given[2].time - provider().given[1].time, absl::Seconds(108));
  EXPECT_EQ(provider().given[2].submission.reference, provider().given[0].submission.reference);
  EXPECT_EQ(provider().given[2].submission.attempt_number, 3);
  EXPECT_EQ(Get(id).state, MessageState::kUndelivered);
  EXPECT_EQ(Get(id).reason, StateReason::kAttemptsExhausted);
  EXPECT_EQ(Get(id).attempts.size(), 3U);
}

TEST_F(DispatcherTest, ThrottlingPausesTheRouteAndCostsNoAttempt) {
  Start();
  provider().answer = [&](const auto&) {
    auto outcome = ScriptedProvider::Outcome(AttemptOutcome::kThrottled);
    outcome.retry_after = absl::Seconds(30);
    return provider().given.size() > 10 ? ScriptedProvider::Accepted() : outcome;
  };
  const int64_t campaign = Create(Draft());
  const int64_t id = Send(campaign, 10);
  core_->Settle();
  ASSERT_EQ(provider().given.size(), 10U);
  const int64_t later = Send(campaign, 1);
  Run(absl::Seconds(29));
  EXPECT_EQ(provider().given.size(), 10U) << "the route rests";
  Run(absl::Minutes(2));
  EXPECT_EQ(Get(later).state, MessageState::kSent);
  EXPECT_EQ(Get(id).state, MessageState::kSent);
  EXPECT_EQ(Get(id).attempt_count, 1);
}

TEST_F(DispatcherTest, BreakerSparesMessagesADeadProvider) {
  Start();
  bool is_dead = true;
  provider().answer = [&](const auto&) {
    return is_dead ? ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure)
                   : ScriptedProvider::Accepted();
  };
  domain::Campaign draft = Draft();
  draft.message_attempts = 10;
  draft.retry_interval = absl::Seconds(1);
  const int64_t campaign = Create(draft);
  Send(campaign, 1000);
  core_->Settle();
  const int64_t later = Send(campaign, 1);
  const size_t before = provider().given.size();
  Run(absl::Minutes(10));
  EXPECT_LT(provider().given.size() - before, 40U) << "only probes";
  is_dead = false;
  Run(absl::Minutes(5));
  EXPECT_EQ(Get(later).state, MessageState::kSent);
}

TEST_F(DispatcherTest, UnknownOutcomeFollowsTheRoute) {
  AddRoute("careful", {"1"}).retry_unknown = false;
  Start();
  for (size_t i = 0; i < 2; ++i) {
    provider(i).answer = [](const auto&) {
      return ScriptedProvider::Outcome(AttemptOutcome::kUnknown);
    };
  }
  const int64_t campaign = Create(Draft());
  const int64_t retried = Send(campaign, 1);
  const int64_t failed = Send(campaign, 1, std::nullopt, 1);
  Run(absl::Minutes(10));
  EXPECT_EQ(provider(0).given.size(), 3U);
  EXPECT_EQ(Get(retried).state, MessageState::kUndelivered);
  EXPECT_EQ(provider(1).given.size(), 1U);
  EXPECT_EQ(Get(failed).state, MessageState::kUnknown);
  EXPECT_EQ(core_->metrics().unknown_outcomes, 4);
}

TEST_F(DispatcherTest, SendingTimeoutExpiresUnsent) {
  Start();
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  domain::Campaign draft = Draft();
  draft.sending_timeout = absl::Seconds(90);
  draft.message_attempts = 10;
  const int64_t id = Send(Create(draft), 1);
  Run(absl::Minutes(5));
  EXPECT_EQ(provider().given.size(), 2U);
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  EXPECT_EQ(Get(id).reason, StateReason::kSendingTimeout);
  EXPECT_LE(*Get(id).final_time - Get(id).create_time, absl::Seconds(92));
}

TEST_F(DispatcherTest, ReceiptsAreCollected) {
  Start();
  const int64_t id = Send(Create(Draft()), 2);
  core_->Settle();
  providers::Receipt delivered;
  delivered.message_id = id;
  providers::Receipt read = delivered;
  read.state = MessageState::kRead;
  receipts_->Add({delivered, read, delivered});
  core_->Settle();
  EXPECT_EQ(Get(id).state, MessageState::kRead);
  EXPECT_EQ(Get(id + 1).state, MessageState::kSent);
  EXPECT_EQ(core_->metrics().receipts_applied, 2);
  EXPECT_EQ(core_->metrics().receipts_ignored, 1);
  EXPECT_EQ(receipts_->backlog(), 0U);
}

TEST_F(DispatcherTest, ForgottenOutcomesAreUnknown) {
  Start();
  provider().answer = [](const auto&) { return ScriptedProvider::Accepted(); };
  provider().forgets_outcomes = true;
  const int64_t id = Send(Create(Draft()), 1);
  core_->Settle();
  EXPECT_EQ(Get(id).state, MessageState::kAccepted);
  EXPECT_EQ(Get(id).attempts.at(0).outcome, AttemptOutcome::kUnknown);
}

TEST_F(DispatcherTest, ACampaignMayBeDeletedWhileItsLanesAreThere) {
  Start();
  const int64_t deleted = Create(Draft());
  const int64_t id = Send(deleted, 1);
  provider().is_holding = true;
  core_->Settle();
  // Its receipt comes before the provider's answer: its messages are final, one is still under way.
  providers::Receipt receipt;
  receipt.message_id = id;
  receipts_->Add({receipt});
  core_->Settle();
  ASSERT_OK(store().DeleteCampaign(account_id_, deleted));
  Run(absl::Minutes(30));
  provider().Release();
  const int64_t other = Send(Create(Draft()), 1);
  Run(absl::Minutes(30));
  EXPECT_EQ(provider().given.size(), 2U);
  EXPECT_EQ(Get(other).state, MessageState::kSent);
}

}  // namespace
}  // namespace campaigner::testing

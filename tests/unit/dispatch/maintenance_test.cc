#include "server/dispatch/maintenance.h"

#include <gtest/gtest.h>

#include "tests/unit/dispatch/core_fixture.h"

namespace campaigner::testing {
namespace {

using domain::AttemptOutcome;
using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;

class MaintenanceTest : public CoreFixture {};

TEST_F(MaintenanceTest, ScheduledMessagesGoAtTheirTime) {
  Start();
  const absl::Time due = clock_.Now() + absl::Hours(1);
  Send(Create(Draft()), 3, due);
  Run(absl::Hours(2));
  ASSERT_EQ(provider().given.size(), 3U);
  EXPECT_EQ(provider().given[0].time, due);
}

TEST_F(MaintenanceTest, CampaignStartsAndFinishesInTime) {
  Start();
  domain::Campaign draft = Draft();
  draft.state = CampaignState::kDeferred;
  draft.start_time = clock_.Now() + absl::Hours(1);
  draft.finish_time = clock_.Now() + absl::Hours(2);
  draft.rate.limit = 60;
  draft.rate.period = absl::Hours(1);
  const absl::Time start = *draft.start_time;
  const absl::Time finish = *draft.finish_time;
  const int64_t campaign = Create(draft);
  const int64_t first = Send(campaign, 100);
  Run(absl::Minutes(59));
  EXPECT_EQ(StateOf(campaign), CampaignState::kDeferred);
  EXPECT_TRUE(provider().given.empty());
  Run(absl::Hours(2));
  EXPECT_GE(provider().given.front().time, start);
  EXPECT_LT(provider().given.back().time, finish);
  const auto sent = static_cast<int64_t>(provider().given.size());
  EXPECT_GT(sent, 30);
  EXPECT_LT(sent, 100);
  EXPECT_EQ(Get(first + 99).state, MessageState::kExpired);
  EXPECT_EQ(Get(first + 99).reason, StateReason::kCampaignFinished);
  EXPECT_EQ(StateOf(campaign), CampaignState::kSent) << "statuses are still awaited";
  for (int64_t id = first; id < first + sent; ++id) {
    providers::Receipt receipt;
    receipt.message_id = id;
    receipts_->Add({receipt});
  }
  Run(absl::Seconds(5));
  EXPECT_EQ(StateOf(campaign), CampaignState::kDone);
}

// The server was away when it should have begun.
TEST_F(MaintenanceTest, ALateCampaignIsSkippedOrHeld) {
  Start();
  domain::Campaign draft = Draft();
  draft.state = CampaignState::kDeferred;
  draft.start_time = clock_.Now() + absl::Hours(1);
  draft.late_start_after = absl::Minutes(15);
  draft.late_start = domain::LateStart::kSkip;
  const int64_t skipped = Create(draft);
  const int64_t message = Send(skipped, 1);
  draft.late_start = domain::LateStart::kHold;
  const int64_t held = Create(draft);
  Send(held, 1);
  Run(absl::Minutes(1));
  core_.reset();
  clock_.Advance(absl::Hours(2));
  Restart();
  Run(absl::Seconds(10));
  EXPECT_TRUE(provider().given.empty());
  EXPECT_EQ(StateOf(skipped), CampaignState::kDone);
  EXPECT_EQ(Get(message).state, MessageState::kExpired);
  EXPECT_EQ(Get(message).reason, StateReason::kCampaignFinished);
  EXPECT_EQ(StateOf(held), CampaignState::kPaused);
  Change(held, [&](domain::Campaign& campaign) {
    campaign.state = *domain::Apply(domain::CampaignVerb::kResume, campaign, clock_.Now(), false);
  });
  Run(absl::Seconds(10));
  EXPECT_EQ(StateOf(held), CampaignState::kRunning);
  EXPECT_EQ(provider().given.size(), 1U);
}

TEST_F(MaintenanceTest, ACampaignEndsWhenAllIsSent) {
  Start();
  domain::Campaign draft = Draft();
  draft.finish_when_sent = true;
  const int64_t campaign = Create(draft);
  draft.finish_when_sent = false;
  const int64_t open = Create(draft);
  Run(absl::Minutes(1));
  EXPECT_EQ(StateOf(campaign), CampaignState::kRunning) << "it has no messages yet";
  const int64_t upload = *store().BeginUpload(account_id_, "list.csv", clock_.Now());
  ASSERT_OK(store().FinishUpload({.id = upload, .account_id = account_id_}, clock_.Now()));
  const auto import = store().CreateImport(
      {.operation = {.account_id = account_id_, .campaign_id = campaign}, .upload_id = upload},
      clock_.Now());
  ASSERT_OK(import);
  int tries = 0;
  provider().answer = [&](const auto&) {
    return ScriptedProvider::Outcome(++tries == 1 ? AttemptOutcome::kPassingFailure
                                                  : AttemptOutcome::kAccepted);
  };
  const int64_t id = Send(campaign, 1);
  Send(open, 1);
  Run(absl::Seconds(30));
  EXPECT_EQ(StateOf(campaign), CampaignState::kRunning) << "one waits for its next attempt";
  Run(absl::Minutes(2));
  EXPECT_EQ(StateOf(campaign), CampaignState::kRunning) << "an import runs";
  ASSERT_OK(store().CancelOperation(0, import->id, clock_.Now()));
  Run(absl::Seconds(5));
  EXPECT_EQ(StateOf(campaign), CampaignState::kSent);
  EXPECT_EQ(StateOf(open), CampaignState::kRunning);
  providers::Receipt receipt;
  receipt.message_id = id;
  receipts_->Add({receipt});
  Run(absl::Seconds(5));
  EXPECT_EQ(StateOf(campaign), CampaignState::kDone);
}

TEST_F(MaintenanceTest, RetryOfAFinishedCampaignEnds) {
  Start();
  provider().is_holding = true;
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  domain::Campaign draft = Draft();
  draft.finish_time = clock_.Now() + absl::Minutes(1);
  const int64_t id = Send(Create(draft), 1);
  Run(absl::Minutes(2));
  provider().Release();
  Run(absl::Seconds(5));
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  EXPECT_EQ(Get(id).reason, StateReason::kCampaignFinished);
}

TEST_F(MaintenanceTest, SendingTimeoutStandsStillWhileClosed) {
  options_.maintenance.poll_interval = absl::Minutes(1);
  Start();
  domain::Campaign draft = Draft();
  draft.rate.limit = 1;
  draft.rate.period = absl::Hours(100);
  draft.sending_timeout = absl::Hours(3);
  // Monday and every day from 0:00 to 2:00.
  draft.schedule.emplace();
  for (size_t day = 0; day < 7; ++day) {
    draft.schedule->hours.set(day * 24);
    draft.schedule->hours.set(day * 24 + 1);
  }
  // The first goes at once.
  const int64_t id = Send(Create(draft), 2) + 1;
  // Open for two hours on Monday, and then on Tuesday.
  Run(absl::Hours(24));
  EXPECT_EQ(Get(id).state, MessageState::kAccepted);
  EXPECT_EQ(*store().GetOpenTime(Get(id).campaign_id, clock_.Now()), absl::Hours(2));
  Run(absl::Minutes(59));
  EXPECT_EQ(Get(id).state, MessageState::kAccepted);
  Run(absl::Minutes(2));
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  EXPECT_EQ(Get(id).reason, StateReason::kSendingTimeout);
}

TEST_F(MaintenanceTest, StatusTimeoutEndsTheWait) {
  options_.maintenance.poll_interval = absl::Minutes(1);
  Start();
  const int64_t id = Send(Create(Draft()), 1);
  Run(absl::Hours(71));
  EXPECT_EQ(Get(id).state, MessageState::kSent);
  Run(absl::Hours(1) + absl::Seconds(1));
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  EXPECT_EQ(Get(id).reason, StateReason::kStatusTimeout);
}

TEST_F(MaintenanceTest, CancelEndsWhatWaits) {
  Start();
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  provider().is_holding = true;
  const int64_t campaign = Create(Draft());
  const int64_t in_flight = Send(campaign, 1);
  core_->Settle();
  const int64_t scheduled = Send(campaign, 3000, clock_.Now() + absl::Hours(1));
  SetState(campaign, CampaignState::kCancelled);
  Run(absl::Seconds(1));
  EXPECT_EQ(Get(scheduled).state, MessageState::kCancelled);
  EXPECT_EQ(Get(scheduled + 2999).state, MessageState::kCancelled);
  EXPECT_EQ(Get(in_flight).state, MessageState::kSending);
  provider().Release();
  Run(absl::Seconds(2));
  EXPECT_EQ(Get(in_flight).state, MessageState::kCancelled) << "no second attempt";
}

TEST_F(MaintenanceTest, RestartEndsACancelThatWasLeftHalfDone) {
  Start();
  const int64_t campaign = Create(Draft());
  const int64_t id = Send(campaign, 10, clock_.Now() + absl::Hours(1));
  SetState(campaign, CampaignState::kCancelled);
  Restart();
  core_->Settle();
  EXPECT_EQ(Get(id).state, MessageState::kCancelled);
}

TEST_F(MaintenanceTest, RestartRescuesWhatWasUnderWay) {
  AddRoute("careful", {"1"}).retry_unknown = false;
  Start();
  provider(0).is_holding = true;
  provider(1).is_holding = true;
  const int64_t campaign = Create(Draft());
  const int64_t retried = Send(campaign, 1);
  const int64_t given_up = Send(campaign, 1, std::nullopt, 1);
  core_->Settle();
  Restart();
  provider(0).is_holding = false;
  core_->Settle();
  EXPECT_EQ(Get(given_up).state, MessageState::kUnknown);
  Run(absl::Minutes(2));
  EXPECT_EQ(Get(retried).state, MessageState::kSent);
  ASSERT_EQ(provider(0).given.size(), 2U);
  EXPECT_EQ(provider(0).given[1].submission.reference, provider(0).given[0].submission.reference);
  EXPECT_EQ(core_->metrics().rescued, 2);
  EXPECT_EQ(core_->metrics().unknown_outcomes, 2);
}

TEST_F(MaintenanceTest, SlowProvidersKeepTheirClaims) {
  Start();
  provider().is_holding = true;
  const int64_t id = Send(Create(Draft()), 1);
  Run(absl::Hours(1));
  EXPECT_EQ(core_->metrics().rescued, 0);
  provider().Release();
  core_->Settle();
  EXPECT_EQ(Get(id).state, MessageState::kSent);
}

TEST_F(MaintenanceTest, MessagesOfARouteThatIsGoneMove) {
  AddRoute("gone", {"1"});
  Start();
  const int64_t id = Send(Create(Draft()), 1, clock_.Now() + absl::Hours(1), 1);
  options_.routes.pop_back();
  Restart();
  Run(absl::Hours(2));
  EXPECT_EQ(Get(id).state, MessageState::kSent);
  EXPECT_EQ(provider(0).given.size(), 1U);
}

// By their channel and prefix, as a send picks; not to whatever route comes first.
TEST_F(MaintenanceTest, MessagesOfARouteThatIsGonePickAsASendDoes) {
  AddRoute("ones", {"1"});
  AddRoute("gone", {"13"});
  options_.routes[0].prefixes = {"7"};
  AddRoute("mail", {}).channel = "email";
  Start();
  domain::Campaign draft = Draft();
  draft.channel = "email";
  const int64_t mail = Create(draft);
  const int64_t sms = Create(Draft());
  const auto send = [&](int64_t campaign, const std::string& recipient, size_t route) {
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.now = clock_.Now();
    batch.messages.resize(1);
    batch.messages[0].campaign_id = campaign;
    batch.messages[0].route_id = core_->routes().routes()[route].id;
    batch.messages[0].recipient = recipient;
    std::promise<absl::StatusOr<storage::Accepted>> accepted;
    store().AcceptMessages(std::move(batch),
                           [&](auto result) { accepted.set_value(std::move(result)); });
    return accepted.get_future().get()->first_message_id;
  };
  for (size_t route = 0; route < 4; ++route) provider(route).is_holding = true;
  const int64_t moved = send(sms, "13105550100", 2);
  const int64_t nowhere = send(sms, "4915112345678", 2);
  const int64_t astray = send(mail, "ann@example.com", 0);
  core_->Settle();
  EXPECT_EQ(Get(moved).state, MessageState::kSending) << "under way when its route goes";
  for (const auto& provider : providers_) {
    provider->given.clear();
    provider->is_holding = false;
  }
  options_.routes.erase(options_.routes.begin() + 2);
  Restart();
  Run(absl::Hours(1));
  EXPECT_EQ(provider(0).given.size(), 0U);
  EXPECT_EQ(provider(1).given.size(), 1U);
  EXPECT_EQ(provider(3).given.size(), 1U);
  EXPECT_EQ(Get(moved).state, MessageState::kSent);
  EXPECT_EQ(Get(astray).state, MessageState::kSent);
  EXPECT_EQ(Get(nowhere).state, MessageState::kRejected);
  EXPECT_EQ(Get(nowhere).reason, StateReason::kNoRoute);
}

TEST_F(MaintenanceTest, OldMessagesArePruned) {
  options_.maintenance.retention = absl::Hours(24);
  options_.maintenance.poll_interval = absl::Minutes(1);
  Start();
  domain::Campaign draft = Draft();
  draft.status_timeout = absl::Hours(1);
  const int64_t id = Send(Create(draft), 2500);
  Run(absl::Hours(24));
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  Run(absl::Hours(3));
  EXPECT_THAT(store().GetMessage(0, id, false), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store().GetMessage(0, id + 2499, false), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(core_->metrics().pruned, 2500);
}

}  // namespace
}  // namespace campaigner::testing

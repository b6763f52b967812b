// What is decided in the moment in which a message goes: its text, and whether its recipient
// sleeps.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/unit/dispatch/pace_fixture.h"

namespace campaigner::testing {
namespace {

using domain::AttemptOutcome;
using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;

class MomentTest : public PaceFixture {};

TEST_F(MomentTest, ImportedRecipientsGetTheTemplateOfTheMoment) {
  Start();
  domain::Campaign draft = Draft();
  draft.state = CampaignState::kPaused;
  const int64_t campaign = Create(draft);
  const int64_t id = SendFollowing(campaign, {{"name", "Ann"}});
  const std::string text(200, 'b');
  Change(campaign, [&](domain::Campaign& changed) {
    changed.template_text = "{name} " + text;
    changed.state = CampaignState::kRunning;
  });
  core_->Settle();
  ASSERT_EQ(provider().given.size(), 1U);
  EXPECT_EQ(provider().given[0].submission.text, "Ann " + text);
  // What was sent stays what it was, and what it really was counts.
  Change(campaign, [](domain::Campaign& changed) { changed.template_text = "other"; });
  EXPECT_EQ(Get(id).text, "Ann " + text);
  EXPECT_EQ(Get(id).segments, 2);
  ASSERT_OK_AND_ASSIGN(const auto counters, store().GetCampaignCounters(campaign));
  ASSERT_EQ(counters.size(), 1U);
  EXPECT_EQ(counters[0].segments, 2);
}

TEST_F(MomentTest, MissingValuesFollowThePolicy) {
  Start();
  for (const int32_t limit : {0, 100}) {
    provider().given.clear();
    domain::Campaign draft = Draft();
    draft.rate.limit = limit;
    draft.missing_values = domain::MissingValues::kKeep;
    SendFollowing(Create(draft), {});
    draft.missing_values = domain::MissingValues::kRemove;
    SendFollowing(Create(draft), {});
    draft.missing_values = domain::MissingValues::kReject;
    const int64_t campaign = Create(draft);
    const int64_t refused = SendFollowing(campaign, {});
    const int64_t complete = SendFollowing(campaign, {{"name", "Ann"}});
    Run(absl::Seconds(1));
    std::multiset<std::string> texts;
    for (const auto& given : provider().given) texts.insert(given.submission.text);
    EXPECT_EQ(texts, (std::multiset<std::string>{"hello ", "hello Ann", "hello {name}"}));
    EXPECT_EQ(Get(refused).state, MessageState::kRejected);
    EXPECT_EQ(Get(refused).reason, StateReason::kMissingValue);
    EXPECT_EQ(Get(refused).attempts.size(), 0U);
    EXPECT_EQ(Get(complete).state, MessageState::kSent);
  }
}

TEST_F(MomentTest, ATextThatCannotBeSentIsRefused) {
  Start();
  domain::Campaign draft = Draft();
  draft.template_text = "{name}{name}";
  const int64_t campaign = Create(draft);
  const int64_t empty = SendFollowing(campaign, {});
  const int64_t too_long = SendFollowing(campaign, {{"name", std::string(5001, 'a')}});
  const int64_t longest = SendFollowing(campaign, {{"name", std::string(5000, 'a')}});
  draft.template_text.clear();
  const int64_t without_template = SendFollowing(Create(draft), {{"name", "Ann"}});
  Run(absl::Seconds(1));
  ASSERT_EQ(provider().given.size(), 1U);
  EXPECT_EQ(provider().given[0].submission.message_id, longest);
  for (const int64_t id : {empty, too_long, without_template}) {
    EXPECT_EQ(Get(id).state, MessageState::kRejected);
    EXPECT_EQ(Get(id).attempts.size(), 0U);
  }
  EXPECT_EQ(Get(empty).reason, StateReason::kMissingValue);
  EXPECT_EQ(Get(too_long).reason, StateReason::kTextTooLong);
  EXPECT_EQ(Get(without_template).reason, StateReason::kMissingValue);
}

TEST_F(MomentTest, AnotherZoneOfTheAccountMovesItsSchedulesAtOnce) {
  Start();
  domain::Campaign draft = Draft();
  // Monday from 3:00 to 4:00; it is midnight in UTC.
  draft.schedule.emplace();
  draft.schedule->hours.set(3);
  const int64_t moved = Send(Create(draft), 1);
  draft.time_zone = "UTC";
  const int64_t fixed = Send(Create(draft), 1);
  Run(absl::Minutes(1));
  EXPECT_EQ(Get(moved).state, MessageState::kAccepted);
  ASSERT_OK_AND_ASSIGN(domain::Account account, store().GetAccount(account_id_));
  account.time_zone = "Europe/Moscow";
  ASSERT_OK(store().UpdateAccount(account).status());
  Run(absl::Seconds(1));
  EXPECT_EQ(Get(moved).state, MessageState::kSent);
  EXPECT_EQ(Get(fixed).state, MessageState::kAccepted);
}

// Just before the fixture's clock.
const absl::Time kMidnight = absl::FromCivil(absl::CivilDay(2023, 11, 20), absl::UTCTimeZone());

TEST_F(MomentTest, QuietRecipientsWaitForTheirMorning) {
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{21 * 60, 9 * 60, ""};
  draft.sending_timeout = absl::Hours(2);
  const int64_t campaign = Create(draft);
  const int64_t berlin = SendFollowing(campaign, {}, "4915112345678");
  const int64_t shanghai = SendFollowing(campaign, {}, "8613812345678");
  const int64_t los_angeles = SendFollowing(campaign, {}, "12135550100");
  const int64_t unknown = SendFollowing(campaign, {}, "ann@example.com");
  Run(absl::Hours(24));
  std::map<int64_t, absl::Duration> sent;
  for (const auto& given : provider().given) {
    sent[given.submission.message_id] = given.time - kMidnight;
    EXPECT_EQ(given.submission.attempt_number, 1);
  }
  ASSERT_EQ(sent.size(), 4U) << "the wait does not count against the Sending Timeout";
  const auto at = [&](int64_t id) { return absl::Floor(sent[id], absl::Minutes(1)); };
  EXPECT_EQ(at(los_angeles), absl::ZeroDuration()) << "16:00";
  EXPECT_EQ(at(shanghai), absl::Hours(1)) << "8:00";
  EXPECT_EQ(at(berlin), absl::Hours(8)) << "1:00";
  EXPECT_EQ(at(unknown), absl::Hours(9)) << "the campaign's zone is UTC";
}

// Their nights are the campaign's office hours.
TEST_F(MomentTest, WhoIsNeverAwakeInAnOpenHourDoesNotWaitForEver) {
  LookRarely();
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{21 * 60, 9 * 60, ""};
  draft.schedule.emplace();
  for (size_t hour = 0; hour < 168; ++hour) {
    draft.schedule->hours.set(hour, hour % 24 >= 9 && hour % 24 < 16);
  }
  const int64_t campaign = Create(draft);
  const int64_t los_angeles = SendFollowing(campaign, {}, "12135550100");
  const int64_t berlin = SendFollowing(campaign, {}, "4915112345678");
  Run(absl::Hours(10 * 24));
  ASSERT_EQ(provider().given.size(), 1U);
  EXPECT_EQ(provider().given[0].submission.message_id, berlin);
  EXPECT_EQ(Get(los_angeles).state, MessageState::kExpired);
  EXPECT_EQ(Get(los_angeles).reason, StateReason::kSendingTimeout);
}

TEST_F(MomentTest, TheWaitIsForAnHourThatIsOpenAndNotQuiet) {
  LookRarely();
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{21 * 60, 9 * 60, ""};
  draft.schedule.emplace();
  // Monday, in the night of Los Angeles; and once in the week by its day.
  draft.schedule->hours.set(10);
  draft.schedule->hours.set(6 * 24 + 20);
  draft.sending_timeout = absl::Minutes(30);
  const int64_t campaign = Create(draft);
  SendFollowing(campaign, {}, "12135550100");
  Run(absl::Hours(12));
  ASSERT_OK_AND_ASSIGN(const auto waiting, store().PeekWaiting(campaign));
  ASSERT_TRUE(waiting.has_value());
  EXPECT_EQ(waiting->next_due, kMidnight + absl::Hours(6 * 24 + 20));
  EXPECT_TRUE(waiting->is_quiet);
  Run(absl::Hours(10 * 24));
  ASSERT_EQ(provider().given.size(), 1U);
  EXPECT_EQ(absl::Floor(provider().given[0].time - kMidnight, absl::Minutes(5)),
            absl::Hours(6 * 24 + 20));
}

TEST_F(MomentTest, RetriesKeepQuietHoursToo) {
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{60, 120, ""};
  draft.retry_interval = absl::Minutes(90);
  provider().answer = [](const auto&) {
    return ScriptedProvider::Outcome(AttemptOutcome::kPassingFailure);
  };
  SendFollowing(Create(draft), {}, "447700900123");
  Run(absl::Hours(24));
  ASSERT_EQ(provider().given.size(), 3U);
  EXPECT_GE(provider().given[1].time - kMidnight, absl::Hours(2)) << "not between 1:00 and 2:00";
}

TEST_F(MomentTest, WhatIsQueuedInMemoryDoesNotLeaveInQuietHours) {
  options_.routes[0].messages_per_second_max = 1;
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{1, 9 * 60, ""};
  const int64_t campaign = Create(draft);
  for (int i = 0; i < 200; ++i) SendFollowing(campaign, {}, "447700900123");
  Run(absl::Hours(12));
  ASSERT_EQ(provider().given.size(), 200U);
  for (const auto& given : provider().given) {
    const absl::Duration time = given.time - kMidnight;
    EXPECT_TRUE(time < absl::Minutes(1) || time >= absl::Hours(9)) << time;
  }
}

TEST_F(MomentTest, WaitingInQuietHoursKeepsWhatWasUsedOfTheSendingTimeout) {
  options_.maintenance.sweep_interval = absl::Minutes(1);
  Start();
  domain::Campaign draft = Draft();
  draft.quiet_hours = domain::QuietHours{60, 9 * 60, ""};
  draft.sending_timeout = absl::Hours(2);
  const int64_t campaign = Create(draft);
  // Held up before the quiet hours, and after them.
  provider().answer = [&](const auto&) {
    providers::SubmitOutcome outcome = ScriptedProvider::Outcome(AttemptOutcome::kThrottled);
    outcome.retry_after = absl::Minutes(4);
    return outcome;
  };
  const int64_t id = SendFollowing(campaign, {}, "447700900123");
  Run(absl::Hours(14));
  EXPECT_EQ(Get(id).state, MessageState::kExpired);
  const absl::Duration end = *Get(id).final_time - kMidnight;
  EXPECT_GE(end, absl::Hours(9) + absl::Minutes(45)) << "an hour was used at night";
  EXPECT_LE(end, absl::Hours(10) + absl::Minutes(15));
}

}  // namespace
}  // namespace campaigner::testing

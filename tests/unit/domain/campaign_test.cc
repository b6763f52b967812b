#include "server/domain/campaign.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace campaigner::domain {
namespace {

using enum CampaignState;
using enum CampaignVerb;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);
const absl::Time kBefore = kNow - absl::Hours(1);
const absl::Time kLater = kNow + absl::Hours(1);
const absl::Time kLast = kNow + absl::Hours(2);
const std::vector<CampaignState> kAll = {kNew,  kDeferred, kRunning,  kPaused,
                                         kSent, kDone,     kCancelled};

Campaign InState(CampaignState state, std::optional<absl::Time> start = std::nullopt,
                 std::optional<absl::Time> finish = std::nullopt) {
  Campaign campaign;
  campaign.state = state;
  campaign.start_time = start;
  campaign.finish_time = finish;
  return campaign;
}

TEST(CampaignTest, VerbsOfACampaignWithoutTimes) {
  const std::optional<CampaignState> no = std::nullopt;
  // By the order of kAll.
  const struct {
    CampaignVerb verb;
    std::vector<std::optional<CampaignState>> after;
  } cases[] = {
      {kStart, {kRunning, kDeferred, kRunning, no, no, no, no}},
      {kPause, {no, kPaused, kPaused, kPaused, no, no, no}},
      {kResume, {no, kDeferred, kRunning, kRunning, no, no, no}},
      {kCancel, {kCancelled, kCancelled, kCancelled, kCancelled, kCancelled, no, kCancelled}},
  };
  for (const auto& c : cases) {
    for (size_t i = 0; i < kAll.size(); ++i) {
      EXPECT_EQ(Apply(c.verb, InState(kAll[i]), kNow), c.after[i])
          << "verb " << static_cast<int>(c.verb) << " in " << StateName(kAll[i]);
    }
  }
}

TEST(CampaignTest, StartAndResumeLookAtTheClock) {
  const struct {
    std::optional<absl::Time> start;
    std::optional<absl::Time> finish;
    CampaignState after;
  } cases[] = {
      {kLater, std::nullopt, kDeferred}, {kLater, kLast, kDeferred},
      {kNow, std::nullopt, kRunning},    {kBefore, std::nullopt, kRunning},
      {kBefore, kLater, kRunning},       {std::nullopt, kLater, kRunning},
      {std::nullopt, kNow, kSent},       {kBefore, kBefore, kSent},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Apply(kStart, InState(kNew, c.start, c.finish), kNow), c.after);
    EXPECT_EQ(Apply(kResume, InState(kPaused, c.start, c.finish), kNow), c.after);
  }
}

TEST(CampaignTest, RepeatOfAVerbAnswersTheSame) {
  for (const CampaignVerb verb : {kStart, kPause, kResume, kCancel}) {
    for (const CampaignState state : kAll) {
      for (const auto& start : {std::optional<absl::Time>(), std::optional(kLater)}) {
        Campaign campaign = InState(state, start);
        const auto after = Apply(verb, campaign, kNow);
        if (!after) continue;
        campaign.state = *after;
        EXPECT_EQ(Apply(verb, campaign, kNow), after)
            << "verb " << static_cast<int>(verb) << " in " << StateName(state);
      }
    }
  }
}

TEST(CampaignTest, TimeStartsAndFinishes) {
  const struct {
    CampaignState state;
    std::optional<absl::Time> start;
    std::optional<absl::Time> finish;
    CampaignState after;
    absl::Time next;
  } cases[] = {
      {kDeferred, kLater, std::nullopt, kDeferred, kLater},
      {kDeferred, kLater, kLast, kDeferred, kLater},
      {kDeferred, kLast, kLater, kDeferred, kLater},
      {kDeferred, kNow, std::nullopt, kRunning, absl::InfiniteFuture()},
      {kDeferred, kBefore, kLater, kRunning, kLater},
      // The start was taken away by an update.
      {kDeferred, std::nullopt, std::nullopt, kRunning, absl::InfiniteFuture()},
      {kDeferred, kBefore, kNow, kSent, absl::InfiniteFuture()},
      {kDeferred, kLater, kBefore, kSent, absl::InfiniteFuture()},
      {kRunning, std::nullopt, std::nullopt, kRunning, absl::InfiniteFuture()},
      {kRunning, kBefore, kLater, kRunning, kLater},
      {kRunning, std::nullopt, kNow, kSent, absl::InfiniteFuture()},
      // The start was put off by an update.
      {kRunning, kLater, std::nullopt, kDeferred, kLater},
      {kRunning, kLater, kLast, kDeferred, kLater},
      {kRunning, kLater, kNow, kSent, absl::InfiniteFuture()},
      {kPaused, kLater, std::nullopt, kPaused, absl::InfiniteFuture()},
      {kPaused, std::nullopt, kLater, kPaused, kLater},
      {kPaused, std::nullopt, kNow, kSent, absl::InfiniteFuture()},
      {kPaused, kBefore, std::nullopt, kPaused, absl::InfiniteFuture()},
      {kNew, kBefore, kBefore, kNew, absl::InfiniteFuture()},
      {kSent, kBefore, kBefore, kSent, absl::InfiniteFuture()},
      {kDone, kBefore, kBefore, kDone, absl::InfiniteFuture()},
      {kCancelled, kBefore, kBefore, kCancelled, absl::InfiniteFuture()},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const auto& c = cases[i];
    Campaign campaign = InState(c.state, c.start, c.finish);
    EXPECT_EQ(AfterTime(campaign, kNow), c.after) << "case " << i;
    EXPECT_EQ(NextStateChange(campaign, kNow), c.next) << "case " << i;
    if (c.next == absl::InfiniteFuture()) continue;
    // At that moment, and not before.
    campaign.state = c.after;
    EXPECT_EQ(AfterTime(campaign, c.next - absl::Microseconds(1)), c.after) << "case " << i;
    EXPECT_NE(AfterTime(campaign, c.next), c.after) << "case " << i;
  }
}

TEST(CampaignTest, WhoHasBegunIsNotLate) {
  for (const LateStart policy : {LateStart::kSkip, LateStart::kHold}) {
    Campaign campaign = InState(kDeferred, kBefore);
    campaign.late_start = policy;
    campaign.late_start_after = absl::Minutes(1);
    EXPECT_EQ(AfterTime(campaign, kNow), policy == LateStart::kSkip ? kSent : kPaused);
    EXPECT_EQ(AfterTime(campaign, kNow, /*has_begun=*/true), kRunning);
  }
}

TEST(CampaignTest, AcceptsMessagesUntilItIsFinished) {
  for (const CampaignState state : kAll) {
    EXPECT_EQ(AcceptsMessages(state),
              state == kNew || state == kDeferred || state == kRunning || state == kPaused)
        << StateName(state);
  }
}

TEST(CampaignTest, ScheduleCountsOnlyWithoutStartAndFinish) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::Time monday_noon = absl::FromCivil(absl::CivilHour(2026, 9, 21, 12), utc);
  const absl::Time monday_evening = absl::FromCivil(absl::CivilHour(2026, 9, 21, 20), utc);
  WeeklySchedule schedule;
  for (size_t hour = 9; hour < 18; ++hour) schedule.hours.set(hour);

  Campaign campaign = InState(kRunning);
  EXPECT_TRUE(IsOpen(campaign, utc, monday_evening));
  EXPECT_EQ(NextScheduleChange(campaign, utc, monday_noon), absl::InfiniteFuture());

  campaign.schedule = schedule;
  EXPECT_TRUE(IsOpen(campaign, utc, monday_noon));
  EXPECT_FALSE(IsOpen(campaign, utc, monday_evening));
  EXPECT_EQ(NextScheduleChange(campaign, utc, monday_noon), monday_noon + absl::Hours(6));
  for (const CampaignState state : kAll) {
    campaign.state = state;
    EXPECT_EQ(IsOpen(campaign, utc, monday_noon), state == kRunning) << StateName(state);
  }

  for (const bool is_start : {true, false}) {
    Campaign timed = InState(kRunning);
    timed.schedule = schedule;
    (is_start ? timed.start_time : timed.finish_time) = monday_noon;
    EXPECT_TRUE(IsOpen(timed, utc, monday_evening));
    EXPECT_EQ(NextScheduleChange(timed, utc, monday_noon), absl::InfiniteFuture());
  }
}

TEST(CampaignTest, StatesHaveTheNamesOfTheApi) {
  const std::vector<std::string> names = {"NEW",  "DEFERRED", "RUNNING",  "PAUSED",
                                          "SENT", "DONE",     "CANCELLED"};
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(StateName(kAll[i]), names[i]);
  EXPECT_STREQ(StateName(static_cast<CampaignState>(0)), "STATE_UNSPECIFIED");
}

Campaign WithLateStart(CampaignState state, LateStart late_start) {
  Campaign campaign = InState(state, kNow);
  campaign.late_start = late_start;
  campaign.late_start_after = absl::Minutes(15);
  return campaign;
}

TEST(CampaignTest, ALateStartSendsSkipsOrHolds) {
  using enum LateStart;
  const absl::Time late = kNow + absl::Minutes(15) + absl::Microseconds(1);
  const struct {
    LateStart late_start;
    CampaignState after;
  } cases[] = {{kSend, kRunning}, {kSkip, kSent}, {kHold, kPaused}};
  for (const auto& c : cases) {
    const Campaign deferred = WithLateStart(kDeferred, c.late_start);
    EXPECT_EQ(AfterTime(deferred, late), c.after);
    EXPECT_EQ(AfterTime(deferred, kNow + absl::Minutes(15)), kRunning) << "not late yet";
    EXPECT_EQ(Apply(kStart, WithLateStart(kNew, c.late_start), late), c.after);
    EXPECT_EQ(Apply(kStart, WithLateStart(kNew, c.late_start), kNow), kRunning);
    // What runs has begun.
    EXPECT_EQ(AfterTime(WithLateStart(kRunning, c.late_start), late), kRunning);
    EXPECT_EQ(Apply(kStart, WithLateStart(kRunning, c.late_start), late), kRunning);
  }
}

TEST(CampaignTest, ALateResume) {
  const absl::Time late = kNow + absl::Hours(1);
  // Who resumes what is held has decided.
  EXPECT_EQ(Apply(kResume, WithLateStart(kPaused, LateStart::kHold), late, false), kRunning);
  // Paused before it began: it begins now.
  EXPECT_EQ(Apply(kResume, WithLateStart(kPaused, LateStart::kSkip), late, false), kSent);
  EXPECT_EQ(Apply(kResume, WithLateStart(kPaused, LateStart::kSkip), late, true), kRunning);
  EXPECT_EQ(Apply(kResume, WithLateStart(kPaused, LateStart::kSkip), kBefore, false), kDeferred);
  // The finish is stronger.
  Campaign finished = WithLateStart(kDeferred, LateStart::kHold);
  finished.finish_time = kNow + absl::Minutes(30);
  EXPECT_EQ(AfterTime(finished, late), kSent);
}

TEST(CampaignTest, IsRetriedUnlessSomebodyOrTimeEndedIt) {
  for (const CampaignState state : kAll) {
    const bool is_open = AcceptsMessages(state);
    EXPECT_EQ(CheckRetry(InState(state), kNow).ok(), is_open) << StateName(state);
    Campaign sent_out = InState(state);
    sent_out.finish_when_sent = true;
    const bool has_ended = state == kSent || state == kDone;
    EXPECT_EQ(CheckRetry(sent_out, kNow).ok(), is_open || has_ended) << StateName(state);
    sent_out.finish_time = kBefore;
    EXPECT_EQ(CheckRetry(sent_out, kNow).ok(), is_open) << StateName(state);
  }
}

}  // namespace
}  // namespace campaigner::domain

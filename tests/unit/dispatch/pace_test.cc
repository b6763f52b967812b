// Rates, as a provider sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/dispatch/pace_fixture.h"

namespace campaigner::testing {
namespace {

using domain::RateUnit;

class PaceTest : public PaceFixture {};

TEST_F(PaceTest, ACampaignsSegmentsCount) {
  Start();
  SendTexts(Create(Rated(20, absl::Minutes(1), RateUnit::kSegments)), 200, 4);
  Run(absl::Minutes(10));
  EXPECT_LE(FullestWindow(absl::Minutes(1), Segments), 20);
  int64_t segments = 0;
  for (const auto& given : provider().given) segments += Segments(given);
  EXPECT_GE(segments, 10 * (20 - 3) * 95 / 100);
}

TEST_F(PaceTest, AMessageOfMoreSegmentsThanTheLimitGoesAlone) {
  Start();
  SendTexts(Create(Rated(2, absl::Seconds(10), RateUnit::kSegments)), 9, 3);
  Run(absl::Minutes(3));
  const auto& given = provider().given;
  ASSERT_EQ(given.size(), 9U);
  for (size_t i = 0; i < given.size(); ++i) {
    if (Segments(given[i]) <= 2) continue;
    if (i > 0) {
      EXPECT_GE(given[i].time - given[i - 1].time, absl::Seconds(10)) << i;
    }
    if (i + 1 < given.size()) {
      EXPECT_GE(given[i + 1].time - given[i].time, absl::Seconds(10)) << i;
    }
  }
}

TEST_F(PaceTest, AnAccountsRateIsSharedByItsCampaignsAndRoutes) {
  AddRoute("other", {"1"});
  Start();
  SetAccountRate({60, absl::Minutes(1), RateUnit::kMessages});
  const int64_t first = Create(Draft());
  const int64_t second = Create(Draft());
  Send(first, 200);
  Send(second, 200);
  Send(second, 200, std::nullopt, 1);
  Run(absl::Minutes(6));
  EXPECT_LE(FullestWindow(absl::Minutes(1), Messages), 60);
  EXPECT_GE(Given(), 6U * 60 * 95 / 100);
  // Nobody is left behind.
  EXPECT_GE(provider(1).given.size(), 90U);
  EXPECT_GE(provider(0).given.size(), 90U);
}

TEST_F(PaceTest, AnAccountsRateTakesEffectWithinSeconds) {
  Start();
  SetAccountRate({1, absl::Hours(1), RateUnit::kMessages});
  Send(Create(Draft()), 1000);
  Run(absl::Minutes(5));
  EXPECT_LE(Given(), 1U);
  SetAccountRate({});
  Run(absl::Seconds(3));
  EXPECT_EQ(Given(), 1000U);
}

TEST_F(PaceTest, TheMoreImportantGetAnAccountsRateFirst) {
  AddRoute("other", {"1"});
  Start();
  SetAccountRate({10, absl::Seconds(10), RateUnit::kMessages});
  domain::Campaign important = Draft();
  important.order = 1;
  Send(Create(Draft()), 100);
  Send(Create(important), 30, std::nullopt, 1);
  Run(absl::Seconds(29));
  EXPECT_GE(provider(1).given.size(), 25U);
  EXPECT_LE(provider(0).given.size(), 4U) << "what went before the others came, at most";
}

TEST_F(PaceTest, ARoutesSegmentsCount) {
  options_.routes[0].messages_per_second_max = 10;
  options_.routes[0].rate_counts_segments = true;
  Start();
  SendTexts(Create(Draft()), 300, 3);
  Run(absl::Seconds(20));
  EXPECT_LE(FullestWindow(absl::Seconds(1), Segments), 10);
  int64_t segments = 0;
  for (const auto& given : provider().given) segments += Segments(given);
  EXPECT_GE(segments, 19 * 8 * 95 / 100);
}

TEST_F(PaceTest, LongMessagesAreNotOvertakenForEver) {
  Start();
  SetAccountRate({10, absl::Seconds(10), RateUnit::kSegments});
  const int64_t small = Create(Draft());
  const int64_t large = Create(Draft());
  Send(small, 300);
  storage::AcceptBatch batch;
  batch.account_id = account_id_;
  batch.now = clock_.Now();
  batch.messages.resize(5);
  for (domain::NewMessage& message : batch.messages) {
    message.campaign_id = large;
    message.route_id = core_->routes().routes()[0].id;
    message.recipient = "79201234567";
    message.text = std::string(900, 'a');
  }
  Accept(std::move(batch));
  Run(absl::Minutes(3));
  const auto& given = provider().given;
  EXPECT_EQ(std::count_if(given.begin(), given.end(),
                          [](const auto& one) { return one.submission.text.size() == 900; }),
            5);
  EXPECT_LE(FullestWindow(absl::Seconds(10), Segments), 10);
}

TEST_F(PaceTest, NoWindowOverARestartSeesMore) {
  Start();
  SetAccountRate({50, absl::Minutes(1), RateUnit::kMessages});
  const int64_t first = Create(Rated(30, absl::Minutes(1)));
  const int64_t second = Create(Rated(40, absl::Minutes(1), RateUnit::kSegments));
  Send(first, 500);
  Send(second, 500);
  for (int life = 0; life < 8; ++life) {
    Run(absl::Seconds(7 * life + 20));
    Restart();
  }
  EXPECT_GT(Given(), 50U);
  EXPECT_LE(FullestWindow(absl::Minutes(1), Messages), 50);
}

// A campaign that never sent owes its rate nothing, whatever others did, and whoever sent.
TEST_F(PaceTest, TheFirstMessageOfASlowCampaignGoesAtOnce) {
  for (const bool restarts : {false, true}) {
    if (core_ == nullptr) Start();
    domain::Campaign draft = Rated(1, absl::Hours(10));
    draft.state = domain::CampaignState::kNew;
    const int64_t slow = Create(draft);
    const int64_t other = Create(Draft());
    Send(other, 10);
    Run(absl::Minutes(15));
    SetState(other, domain::CampaignState::kCancelled);
    Run(absl::Minutes(15));
    if (restarts) Restart();
    const size_t before = Given();
    Send(slow, 2);
    SetState(slow, domain::CampaignState::kRunning);
    Run(absl::Seconds(1));
    EXPECT_EQ(Given(), before + 1) << restarts;
  }
}

// What went is known over restarts, so that they do not cost a period each.
TEST_F(PaceTest, ASlowRateMakesProgressThoughTheServerRestartsEveryDay) {
  LookRarely();
  for (const bool is_accounts : {false, true}) {
    if (core_ == nullptr) Start();
    const domain::Rate rate{300, absl::Hours(24), RateUnit::kSegments};
    if (is_accounts) SetAccountRate(rate);
    provider().given.clear();
    domain::Campaign draft = is_accounts ? Draft() : Rated(rate.limit, rate.period, rate.unit);
    draft.sending_timeout = absl::Hours(24 * 30);
    const int64_t campaign = Create(draft);
    SendTexts(campaign, 2000, 3);
    for (int day = 0; day < 6; ++day) {
      Run(absl::Hours(24));
      Restart();
    }
    EXPECT_LE(FullestWindow(absl::Hours(24), Segments), 300);
    int64_t segments = 0;
    for (const auto& given : provider().given) segments += Segments(given);
    EXPECT_GE(segments, 6 * 300 * 90 / 100) << is_accounts;
    SetState(campaign, domain::CampaignState::kCancelled);
    Run(absl::Hours(48));
  }
}

TEST_F(PaceTest, ARateThatNowCountsSegmentsKnowsWhatWent) {
  Start();
  const int64_t campaign = Create(Rated(30, absl::Minutes(10)));
  SendTexts(campaign, 300, 3);
  Run(absl::Minutes(9));
  const absl::Time change = clock_.Now();
  Change(campaign,
         [](domain::Campaign& changed) { changed.rate.unit = domain::RateUnit::kSegments; });
  Run(absl::Minutes(60));
  int64_t lately = 0;
  for (const auto& given : provider().given) {
    const bool is_near = given.time > change - absl::Minutes(1);
    if (is_near && given.time <= change + absl::Minutes(9)) lately += Segments(given);
  }
  EXPECT_LE(lately, 30) << "the windows that end after the change";
  EXPECT_GT(Given(), 60U);
}

TEST_F(PaceTest, ARaisedRateTakesEffectAtOnce) {
  Start();
  const int64_t campaign = Create(Rated(1, absl::Hours(10)));
  Send(campaign, 100);
  Run(absl::Minutes(1));
  EXPECT_EQ(Given(), 1U);
  Change(campaign, [](domain::Campaign& changed) { changed.rate = {}; });
  core_->Settle();
  EXPECT_EQ(Given(), 100U);
}

}  // namespace
}  // namespace campaigner::testing

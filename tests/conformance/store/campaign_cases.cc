#include <algorithm>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::CampaignState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<int64_t> Ids(const std::vector<Campaign>& campaigns) {
  std::vector<int64_t> ids;
  for (const Campaign& campaign : campaigns) ids.push_back(campaign.id);
  return ids;
}

TEST_P(StoreTest, ACampaignIsReadBackAsItWasMade) {
  Campaign campaign = NewCampaign(MakeAccount().id);
  campaign.channel = "email";
  campaign.sender = "Acme";
  campaign.order = 3;
  campaign.start_time = kNow + absl::Hours(1);
  campaign.finish_time = kNow + absl::Hours(5);
  campaign.schedule.emplace().hours.set(0).set(167);
  campaign.time_zone = "Asia/Almaty";
  campaign.rate.limit = 10;
  campaign.api_key_ids = {4, 2};
  const auto made = store_->CreateCampaign(campaign, "", kNow);
  ASSERT_OK(made);
  for (int run = 0; run < 2; ++run) {
    const auto read = store_->GetCampaign(made->id);
    ASSERT_OK(read);
    EXPECT_EQ((*read)->account_id, campaign.account_id);
    EXPECT_EQ((*read)->display_name, "Autumn");
    EXPECT_EQ((*read)->channel, "email");
    EXPECT_EQ((*read)->sender, "Acme");
    EXPECT_EQ((*read)->template_text, "Hello {name}");
    EXPECT_EQ((*read)->template_version, 1);
    EXPECT_EQ((*read)->webhook_url, "https://example.com/hook");
    EXPECT_EQ((*read)->order, 3);
    EXPECT_EQ((*read)->message_attempts, 3);
    EXPECT_EQ((*read)->sending_timeout, absl::Hours(1));
    EXPECT_EQ((*read)->status_timeout, absl::Hours(2));
    EXPECT_EQ((*read)->retry_interval, absl::Seconds(60));
    EXPECT_EQ((*read)->start_time, campaign.start_time);
    EXPECT_EQ((*read)->finish_time, campaign.finish_time);
    EXPECT_EQ((*read)->schedule, campaign.schedule);
    EXPECT_EQ((*read)->time_zone, "Asia/Almaty");
    EXPECT_EQ((*read)->rate.limit, 10);
    EXPECT_EQ((*read)->rate.period, absl::Seconds(1));
    EXPECT_EQ((*read)->api_key_ids, campaign.api_key_ids);
    EXPECT_EQ((*read)->state, CampaignState::kRunning);
    EXPECT_EQ((*read)->create_time, kNow);
    EXPECT_EQ((*read)->revision, made->revision);
    Reopen();
  }
  EXPECT_THAT(store_->GetCampaign(made->id + 1), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->CreateCampaign(NewCampaign(999), "", kNow), HasReason("ACCOUNT_NOT_FOUND"));
}

TEST_P(StoreTest, ACampaignIsInMemoryFromItsFirstUseOn) {
  const auto made = store_->CreateCampaign(NewCampaign(MakeAccount().id), "", kNow);
  ASSERT_OK(made);
  Reopen();
  EXPECT_FALSE(store_->IsCampaignInMemory(made->id));
  ASSERT_OK(store_->GetCampaign(made->id));
  EXPECT_TRUE(store_->IsCampaignInMemory(made->id));
  EXPECT_FALSE(store_->IsCampaignInMemory(made->id + 1));
}

TEST_P(StoreTest, ARepeatedRequestMakesNoSecondCampaign) {
  const Campaign campaign = NewCampaign(MakeAccount().id);
  const Campaign foreign = NewCampaign(MakeAccount().id);
  const auto first = store_->CreateCampaign(campaign, "r1", kNow);
  ASSERT_OK(first);
  EXPECT_EQ(store_->CreateCampaign(campaign, "r1", kNow)->id, first->id);
  EXPECT_NE(store_->CreateCampaign(foreign, "r1", kNow)->id, first->id);
  EXPECT_NE(store_->CreateCampaign(campaign, "r2", kNow)->id, first->id);
}

TEST_P(StoreTest, CampaignsAreListedByAccountAndState) {
  const int64_t account_id = MakeAccount().id;
  const int64_t first = MakeCampaign(account_id).id;
  MakeCampaign(MakeAccount().id);
  const auto set_paused = [](Campaign& campaign) { campaign.state = CampaignState::kPaused; };
  const int64_t paused = MakeCampaign(account_id, set_paused).id;
  const int64_t last = MakeCampaign(account_id).id;
  EXPECT_THAT(Ids(*store_->ListCampaigns(account_id, {}, {0, 10})),
              ElementsAre(last, paused, first));
  EXPECT_THAT(Ids(*store_->ListCampaigns(account_id, {}, {0, 2})), ElementsAre(last, paused));
  EXPECT_THAT(Ids(*store_->ListCampaigns(account_id, {}, {paused, 2})), ElementsAre(first));
  EXPECT_THAT(Ids(*store_->ListCampaigns(account_id, {CampaignState::kPaused}, {0, 10})),
              ElementsAre(paused));
}

TEST_P(StoreTest, ActiveCampaignsAreThoseThatMayStillChange) {
  const int64_t account_id = MakeAccount().id;
  std::vector<int64_t> active;
  for (int state = 1; state <= 7; ++state) {
    const auto set_state = [&](Campaign& campaign) {
      campaign.state = static_cast<CampaignState>(state);
    };
    const int64_t id = MakeCampaign(account_id, set_state).id;
    if (state >= 2 && state <= 5) active.push_back(id);
  }
  EXPECT_EQ(Ids(*store_->ListActiveCampaigns({0, 10})), active);
  EXPECT_THAT(Ids(*store_->ListActiveCampaigns({active[1], 1})), ElementsAre(active[2]));
}

TEST_P(StoreTest, AChangeIsOneStep) {
  const Campaign made = MakeCampaign(MakeAccount().id);
  const absl::Time later = kNow + absl::Seconds(1);
  const auto changed =
      store_->ChangeCampaign(made.account_id, made.id, later, [](Campaign& campaign) {
        campaign.display_name = "Winter";
        campaign.template_text = "Bye {name}";
        campaign.account_id = 999;  // Storage does not let it go elsewhere.
        return absl::OkStatus();
      });
  ASSERT_OK(changed);
  EXPECT_EQ(changed->display_name, "Winter");
  EXPECT_EQ(changed->template_version, 2);
  EXPECT_EQ(changed->account_id, made.account_id);
  EXPECT_EQ(changed->update_time, later);
  EXPECT_GT(changed->revision, made.revision);
  EXPECT_EQ((*store_->GetCampaign(made.id))->display_name, "Winter");
  EXPECT_EQ(**store_->GetTemplate(made.id, 1), "Hello {name}");
  EXPECT_EQ(**store_->GetTemplate(made.id, 2), "Bye {name}");
  EXPECT_THAT(store_->GetTemplate(made.id, 3), HasReason("TEMPLATE_NOT_FOUND"));
}

TEST_P(StoreTest, ARefusedChangeChangesNothing) {
  const Campaign made = MakeCampaign(MakeAccount().id);
  const auto refuse = [](Campaign& campaign) {
    campaign.display_name = "Winter";
    return absl::AbortedError("etag");
  };
  EXPECT_THAT(store_->ChangeCampaign(made.account_id, made.id, kNow, refuse),
              testing::StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ((*store_->GetCampaign(made.id))->display_name, "Autumn");
  EXPECT_EQ((*store_->GetCampaign(made.id))->revision, made.revision);
  const auto accept = [](Campaign&) { return absl::OkStatus(); };
  EXPECT_THAT(store_->ChangeCampaign(made.account_id + 1, made.id, kNow, accept),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->ChangeCampaign(0, made.id + 1, kNow, accept),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_OK(store_->ChangeCampaign(0, made.id, kNow, accept));
}

TEST_P(StoreTest, TheOpenClockRunsOnlyWhileOpen) {
  const Campaign made = MakeCampaign(MakeAccount().id);
  const auto at = [&](int seconds) { return kNow + absl::Seconds(seconds); };
  const auto shown = [&](int seconds) { return *store_->GetOpenTime(made.id, at(seconds)); };
  EXPECT_EQ(shown(5), absl::ZeroDuration());
  ASSERT_OK(store_->SetCampaignOpen(made.id, true, at(10)));
  ASSERT_OK(store_->SetCampaignOpen(made.id, true, at(12)));
  EXPECT_EQ(shown(15), absl::Seconds(5));
  ASSERT_OK(store_->SetCampaignOpen(made.id, false, at(20)));
  EXPECT_EQ(shown(99), absl::Seconds(10));
  ASSERT_OK(store_->SetCampaignOpen(made.id, true, at(100)));
  const auto pause = [](Campaign& campaign) {
    campaign.state = CampaignState::kPaused;
    return absl::OkStatus();
  };
  ASSERT_OK(store_->ChangeCampaign(0, made.id, at(101), pause));
  EXPECT_EQ(shown(200), absl::Seconds(11));
  // It does not run while the campaign does not.
  ASSERT_OK(store_->SetCampaignOpen(made.id, true, at(200)));
  EXPECT_EQ(shown(300), absl::Seconds(11));
  Reopen();
  EXPECT_EQ(shown(300), absl::Seconds(11));
  EXPECT_THAT(store_->GetOpenTime(made.id + 1, kNow), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->SetCampaignOpen(made.id + 1, true, kNow), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_P(StoreTest, ACampaignIsDeletedOnceItsMessagesAreFinal) {
  const Campaign made = MakeCampaign(MakeAccount().id);
  const int64_t id = AcceptSome(made, MakeRoute(), 1);
  ASSERT_OK(store_->GetTemplate(made.id, 1));
  EXPECT_THAT(store_->DeleteCampaign(made.account_id, made.id), HasReason("CAMPAIGN_NOT_EMPTY"));
  ASSERT_OK(store_->CancelMessage(0, id, kNow));
  EXPECT_THAT(store_->DeleteCampaign(made.account_id + 1, made.id),
              HasReason("CAMPAIGN_NOT_FOUND"));
  ASSERT_OK(store_->DeleteCampaign(made.account_id, made.id));
  EXPECT_THAT(store_->GetCampaign(made.id), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->GetCampaignCounters(made.id), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->GetTemplate(made.id, 1), HasReason("TEMPLATE_NOT_FOUND"));
  EXPECT_THAT(store_->DeleteCampaign(made.account_id, made.id), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(store_->GetMessage(0, id, false), HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_THAT(*store_->ListCampaigns(made.account_id, {}, {0, 10}), IsEmpty());
  // Its number is not given again.
  EXPECT_GT(MakeCampaign(made.account_id).id, made.id);
}

TEST_P(StoreTest, ARouteKeepsItsNumber) {
  const int64_t first = MakeRoute("a");
  const int64_t second = MakeRoute("b");
  EXPECT_NE(first, second);
  EXPECT_EQ(MakeRoute("a"), first);
  Reopen();
  EXPECT_EQ(*store_->GetRouteName(second), "b");
  EXPECT_EQ(MakeRoute("b"), second);
  EXPECT_THAT(store_->GetRouteName(99), HasReason("ROUTE_NOT_FOUND"));
}

}  // namespace
}  // namespace campaigner::storage

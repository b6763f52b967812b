#include <set>

#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

class CampaignsTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  v1::Campaign Create(const std::string& settings = "") {
    const auto made =
        admin_->Call(&Campaigns::CreateCampaign, "campaign { display_name: 'A' " + settings + " }");
    EXPECT_OK(made);
    return made.ok() ? *made : v1::Campaign();
  }
  absl::StatusOr<v1::Campaign> Update(int64_t id, const std::string& fields,
                                      const std::string& mask = "") {
    return admin_->Call(&Campaigns::UpdateCampaign,
                        fmt::format("campaign {{ id: {} {} }} {}", id, fields, mask));
  }
};

TEST_F(CampaignsTest, ARepeatedCreateAnswersTheFirst) {
  const std::string request = "request_id: 'r1' campaign { display_name: 'A' }";
  ASSERT_OK_AND_ASSIGN(const auto first, admin_->Call(&Campaigns::CreateCampaign, request));
  ASSERT_OK_AND_ASSIGN(const auto repeat, admin_->Call(&Campaigns::CreateCampaign, request));
  EXPECT_EQ(first.id(), repeat.id());
}

TEST_F(CampaignsTest, ChangesWhatTheMaskNames) {
  const v1::Campaign made = Create("sender: 'S' order: 5 template: 'T'");
  ASSERT_OK_AND_ASSIGN(const auto set, Update(made.id(), "order: 7"));
  EXPECT_EQ(set.order(), 7);
  EXPECT_EQ(set.sender(), "S");
  EXPECT_NE(set.etag(), made.etag());
  ASSERT_OK_AND_ASSIGN(const auto cleared,
                       Update(made.id(), "", "update_mask { paths: 'sender' }"));
  EXPECT_EQ(cleared.sender(), "");
  EXPECT_EQ(cleared.order(), 7);
  ASSERT_OK_AND_ASSIGN(const auto replaced,
                       Update(made.id(), "display_name: 'B'", "update_mask { paths: '*' }"));
  EXPECT_EQ(replaced.display_name(), "B");
  EXPECT_EQ(replaced.order(), 0);
  EXPECT_EQ(replaced.template_(), "");
  EXPECT_EQ(replaced.message_attempts(), 3);
  EXPECT_EQ(replaced.state(), v1::Campaign::NEW);
}

TEST_F(CampaignsTest, AnUpdateIsCheckedLikeACreate) {
  const v1::Campaign made = Create();
  using Names = std::vector<std::string>;
  EXPECT_EQ(Fields(Update(made.id(), "order: -1").status()), Names{"campaign.order"});
  EXPECT_EQ(Fields(Update(made.id(), "channel: 'pigeon'").status()), Names{"campaign.channel"});
  EXPECT_EQ(Fields(Update(made.id(), "api_key_ids: 99").status()), Names{"campaign.api_key_ids"});
  EXPECT_EQ(Fields(Update(made.id(), "", "update_mask { paths: 'display_name' }").status()),
            Names{"campaign.display_name"});
  EXPECT_EQ(Fields(Update(made.id(), "", "update_mask { paths: 'state' }").status()),
            Names{"update_mask"});
  EXPECT_EQ(Fields(Update(0, "order: 1").status()), Names{"campaign.id"});
  EXPECT_THAT(Update(999, "order: 1").status(), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_F(CampaignsTest, ARateIsTakenAwayAsAWhole) {
  const v1::Campaign made = Create("rate_limit: 5 rate_period { seconds: 60 } rate_unit: SEGMENTS");
  EXPECT_EQ(made.rate_period().seconds(), 60);
  ASSERT_OK_AND_ASSIGN(const auto cleared,
                       Update(made.id(), "", "update_mask { paths: 'rate_limit' }"));
  EXPECT_EQ(cleared.rate_limit(), 0);
  EXPECT_FALSE(cleared.has_rate_period());
  EXPECT_EQ(Fields(Update(made.id(), "rate_period { seconds: 1 }").status()),
            std::vector<std::string>{"campaign.rate_period"});
}

TEST_F(CampaignsTest, EveryAnswerSaysWhenItWillSend) {
  using v1::SendOutlook;
  const v1::Campaign made = Create("template: 'T' schedule { days { weekday: 1 hours: 0 } }");
  EXPECT_EQ(made.outlook().hold(), SendOutlook::NOT_STARTED);
  const std::string id = fmt::format("campaign_id: {}", made.id());
  ASSERT_OK_AND_ASSIGN(const auto started, admin_->Call(&Campaigns::StartCampaign, id));
  EXPECT_EQ(started.outlook().hold(), SendOutlook::NOTHING_WAITING);
  EXPECT_FALSE(started.outlook().explanation().empty());
  ASSERT_OK_AND_ASSIGN(const auto paused, admin_->Call(&Campaigns::PauseCampaign, id));
  EXPECT_EQ(paused.outlook().hold(), SendOutlook::HELD_BY_PAUSE);
  ASSERT_OK_AND_ASSIGN(const auto changed, Update(made.id(), "order: 3"));
  EXPECT_EQ(changed.outlook().hold(), SendOutlook::HELD_BY_PAUSE);
  ASSERT_OK_AND_ASSIGN(const auto page, admin_->Call(&Campaigns::ListCampaigns, ""));
  EXPECT_EQ(page.campaigns(0).outlook().hold(), SendOutlook::HELD_BY_PAUSE);
  ASSERT_OK_AND_ASSIGN(const auto cancelled, admin_->Call(&Campaigns::CancelCampaign, id));
  EXPECT_EQ(cancelled.outlook().hold(), SendOutlook::CAMPAIGN_OVER);
}

TEST_F(CampaignsTest, ALateStartIsHeldOrSkipped) {
  const std::string late = "start_time { seconds: 1000 } late_start_after { seconds: 60 } ";
  for (const auto& [policy, state] :
       {std::pair("SKIP", v1::Campaign::SENT), std::pair("HOLD", v1::Campaign::PAUSED)}) {
    const v1::Campaign made = Create(late + "late_start: " + policy);
    const std::string id = fmt::format("campaign_id: {}", made.id());
    ASSERT_OK_AND_ASSIGN(const auto started, admin_->Call(&Campaigns::StartCampaign, id));
    EXPECT_EQ(started.state(), state) << policy;
    if (state != v1::Campaign::PAUSED) continue;
    ASSERT_OK_AND_ASSIGN(const auto resumed, admin_->Call(&Campaigns::ResumeCampaign, id));
    EXPECT_EQ(resumed.state(), v1::Campaign::RUNNING);
  }
}

TEST_F(CampaignsTest, AFinishMustLieAhead) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(Fields(admin_
                       ->Call(&Campaigns::CreateCampaign,
                              "campaign { display_name: 'A' finish_time { seconds: 1000 } }")
                       .status()),
            Names{"campaign.finish_time"});
  const v1::Campaign made = Create();
  EXPECT_EQ(Fields(Update(made.id(), "finish_time { seconds: 1000 }").status()),
            Names{"campaign.finish_time"});
  EXPECT_OK(Update(made.id(), "finish_time { seconds: 32503680000 }"));
}

TEST_F(CampaignsTest, DoesNotBeginAfterItsFinish) {
  server_.reset();
  fake_clock_.emplace(absl::FromUnixSeconds(2'000'000'000));
  Start();
  const v1::Campaign made = Create("template: 'T' finish_time { seconds: 2000000060 }");
  const std::string id = fmt::format("campaign_id: {}", made.id());
  fake_clock_->Advance(absl::Seconds(60));
  const absl::Status refused = admin_->Call(&Campaigns::StartCampaign, id).status();
  EXPECT_THAT(refused, HasReason("CAMPAIGN_NOT_READY"));
  EXPECT_EQ(Fields(refused), std::vector<std::string>{"finish_time"});
}

TEST_F(CampaignsTest, APreviewShowsAMessageAsItWillGo) {
  const v1::Campaign made = Create("template: 'Hi {name}' missing_values: KEEP");
  const int64_t templated = admin_->SendOne(made.id(), "fields { key: 'name' value: 'Ann' }");
  const int64_t own = admin_->SendOne(made.id(), "text: 'own {name}'");
  ASSERT_OK(Update(made.id(), "template: 'Bye {name} {when}'"));
  const auto preview = [&](const std::string& more) {
    const auto made_preview = admin_->Call(&Campaigns::PreviewMessage,
                                           fmt::format("campaign_id: {} {}", made.id(), more));
    EXPECT_OK(made_preview);
    return made_preview.ok() ? *made_preview : v1::MessagePreview();
  };
  const std::string by_id = fmt::format("message_id: {} ", templated);
  EXPECT_EQ(preview(by_id).text(), "Hi Ann");
  EXPECT_EQ(preview(by_id).missing_values_size(), 0);
  EXPECT_EQ(preview(fmt::format("message_id: {}", own)).text(), "own {name}");
  // With anything in its place, the template of the moment.
  EXPECT_EQ(preview(by_id + "fields { key: 'when' value: 'now' }").text(), "Bye Ann now");
  EXPECT_EQ(preview(by_id + "template: 'Try {name}'").text(), "Try Ann");
  EXPECT_EQ(preview("fields { key: 'name' value: 'Bob' }").missing_values(0), "when");
}

TEST_F(CampaignsTest, APreviewHasTheLimitsOfASend) {
  std::string many;
  for (int i = 0; i < 3'333; ++i) many += "{a}";
  const v1::Campaign made = Create("template: '" + many + "'");
  const auto fields = [&](size_t length) {
    return Fields(admin_
                      ->Call(&Campaigns::PreviewMessage,
                             fmt::format("campaign_id: {} fields {{ key: 'a' value: '{}' }}",
                                         made.id(), std::string(length, 'x')))
                      .status());
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(fields(1'001), Names{"fields[a]"});
  EXPECT_EQ(fields(1'000), Names{"template"});
  EXPECT_EQ(fields(3), Names{});
}

TEST_F(CampaignsTest, AnEstimateTellsWhatWillBeRefusedAndWhatTakesTooLong) {
  ASSERT_OK(admin_->Call(&Accounts::UpdateAccount,
                         "account { id: 1 rate_limit: 1 rate_period { seconds: 3600 } }"));
  const v1::Campaign made =
      Create("template: 'Hi' rate_limit: 10 sending_timeout { seconds: 7000 }");
  for (int i = 0; i < 3; ++i) {
    admin_->SendOne(made.id(), i < 2 ? "fields { key: 'name' value: 'Ann' }" : "");
  }
  ASSERT_OK(Update(made.id(), "template: 'Hi {name}' missing_values: REJECT"));
  const std::string id = fmt::format("campaign_id: {}", made.id());
  ASSERT_OK_AND_ASSIGN(auto estimate, admin_->Call(&Campaigns::EstimateCampaign, id));
  // They keep the template that they were accepted with.
  EXPECT_EQ(estimate.messages(), 3);
  EXPECT_EQ(estimate.refused_messages(), 0);
  EXPECT_EQ(estimate.segments(), 3);
  EXPECT_EQ(estimate.duration_at_rate().seconds(), 3 * 3600);
  EXPECT_TRUE(estimate.exceeds_sending_timeout());
}

TEST_F(CampaignsTest, AnOldEtagIsRefused) {
  const v1::Campaign made = Create();
  ASSERT_OK(Update(made.id(), fmt::format("order: 1 etag: '{}'", made.etag())));
  EXPECT_THAT(Update(made.id(), fmt::format("order: 2 etag: '{}'", made.etag())).status(),
              HasReason("ETAG_MISMATCH"));
}

TEST_F(CampaignsTest, VerbsMoveItThroughItsLife) {
  const std::string id = fmt::format("campaign_id: {}", Create().id());
  const auto state = [&](auto verb) {
    const auto result = admin_->Call(verb, id);
    return result.ok() ? v1::Campaign::State_Name(result->state()) : "";
  };
  EXPECT_EQ(state(&Campaigns::PauseCampaign), "");  // It does not run yet.
  EXPECT_EQ(state(&Campaigns::StartCampaign), "RUNNING");
  EXPECT_EQ(state(&Campaigns::StartCampaign), "RUNNING");
  EXPECT_EQ(state(&Campaigns::PauseCampaign), "PAUSED");
  EXPECT_EQ(state(&Campaigns::ResumeCampaign), "RUNNING");
  EXPECT_EQ(state(&Campaigns::CancelCampaign), "CANCELLED");
  EXPECT_THAT(admin_->Call(&Campaigns::ResumeCampaign, id).status(), HasReason("CAMPAIGN_STATE"));
  EXPECT_THAT(admin_->Call(&Campaigns::StartCampaign, "").status(), HasReason("INVALID_FIELD"));
}

TEST_F(CampaignsTest, IsDeletedOnceItsMessagesAreFinal) {
  const v1::Campaign made = Create("template: 'x'");
  const std::string id = fmt::format("campaign_id: {}", made.id());
  const int64_t message = admin_->SendOne(made.id());
  EXPECT_THAT(admin_->Call(&Campaigns::DeleteCampaign, id).status(),
              HasReason("CAMPAIGN_NOT_EMPTY"));
  Watch watch(*admin_, id);
  ASSERT_OK(admin_->Call(&Campaigns::StartCampaign, id));
  watch.Until(message, v1::Message::DELIVERED);
  EXPECT_OK(admin_->Call(&Campaigns::DeleteCampaign, id));
  EXPECT_THAT(admin_->Call(&Campaigns::GetCampaign, id).status(), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_F(CampaignsTest, ListsInPagesThatMeetWithoutGapOrRepeat) {
  for (int i = 0; i < 7; ++i) Create();
  std::vector<int64_t> ids;
  std::string token;
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page,
                         admin_->Call(&Campaigns::ListCampaigns,
                                      fmt::format("page_size: 3 page_token: '{}'", token)));
    for (const auto& campaign : page.campaigns()) ids.push_back(campaign.id());
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ids.size(), 7u);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 7u);
}

TEST_F(CampaignsTest, RefusesPagesThatMakeNoSense) {
  for (int i = 0; i < 3; ++i) Create();
  const auto list = [&](const std::string& request) {
    return admin_->Call(&Campaigns::ListCampaigns, request);
  };
  ASSERT_OK_AND_ASSIGN(const auto page, list("page_size: 1"));
  const std::string token = fmt::format("page_token: '{}'", page.next_page_token());
  EXPECT_OK(list(token));
  using Names = std::vector<std::string>;
  EXPECT_EQ(Fields(list(token + " states: PAUSED").status()), Names{"page_token"});
  EXPECT_EQ(Fields(list("page_token: 'garbage'").status()), Names{"page_token"});
  EXPECT_EQ(Fields(list("page_size: -1").status()), Names{"page_size"});
  EXPECT_EQ(Fields(list("states: STATE_UNSPECIFIED").status()), Names{"states[0]"});
  EXPECT_OK(list("page_size: 1000000"));
}

TEST_F(CampaignsTest, ListsMessagesByFilter) {
  const v1::Campaign made = Create("template: 'x'");
  for (int i = 0; i < 5; ++i) {
    admin_->SendOne(made.id(), fmt::format("external_id: 'e{}'", i % 2));
  }
  const auto count = [&](const std::string& filter) {
    const auto page =
        admin_->Call(&Messages::ListMessages, fmt::format("campaign_id: {} {}", made.id(), filter));
    EXPECT_OK(page);
    return page.ok() ? page->messages_size() : -1;
  };
  EXPECT_EQ(count(""), 5);
  EXPECT_EQ(count("page_size: 2"), 2);
  EXPECT_EQ(count("external_id: 'e1'"), 2);
  EXPECT_EQ(count("recipient: '8 920 123-45-67'"), 5);
  EXPECT_EQ(count("recipient: '79200000000'"), 0);
  EXPECT_EQ(count("states: ACCEPTED"), 5);
  EXPECT_EQ(count("states: DELIVERED states: READ"), 0);
  ASSERT_OK_AND_ASSIGN(const auto basic, admin_->Call(&Messages::ListMessages,
                                                      fmt::format("campaign_id: {}", made.id())));
  EXPECT_EQ(basic.messages(0).text(), "");
  ASSERT_OK_AND_ASSIGN(
      const auto full,
      admin_->Call(&Messages::ListMessages,
                   fmt::format("campaign_id: {} view: MESSAGE_VIEW_FULL", made.id())));
  EXPECT_EQ(full.messages(0).text(), "x");
}

}  // namespace
}  // namespace campaigner::e2e

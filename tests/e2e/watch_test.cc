#include "server/base/limits.h"
#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

class WatchTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  absl::Status WatchError(const ServerClient& client, const std::string& request) {
    Watch watch(client, request);
    return watch.Next().status();
  }
};

TEST_F(WatchTest, TellsEveryChangeOfACampaign) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  const int64_t id = admin_->SendOne(campaign, "external_id: 'mine'");
  v1::MessageEvent last;
  do {
    ASSERT_OK_AND_ASSIGN(last, watch.Next());
    EXPECT_EQ(last.message_id(), id);
    EXPECT_EQ(last.campaign_id(), campaign);
    EXPECT_EQ(last.external_id(), "mine");
    EXPECT_TRUE(last.has_event_time());
  } while (last.state() != v1::Message::DELIVERED);
}

TEST_F(WatchTest, TellsFinalChangesOnlyWhereAsked) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  for (int i = 0; i < 3; ++i) admin_->SendOne(campaign);
  for (const v1::MessageEvent& event : watch.Take(3)) {
    EXPECT_EQ(event.state(), v1::Message::DELIVERED);
  }
}

TEST_F(WatchTest, TellsThePresentStateOfSingleMessagesFirst) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  ASSERT_OK(admin_->Call(&Campaigns::PauseCampaign, fmt::format("campaign_id: {}", campaign)));
  const int64_t id = admin_->SendOne(campaign);
  const int64_t other = admin_->SendOne(campaign);
  Watch watch(*admin_, fmt::format("message_ids: {} message_ids: {}", id, id));
  ASSERT_OK_AND_ASSIGN(const auto present, watch.Next());
  EXPECT_EQ(present.message_id(), id);
  EXPECT_EQ(present.state(), v1::Message::ACCEPTED);
  ASSERT_OK(admin_->Call(&Messages::CancelMessage, fmt::format("message_id: {}", other)));
  ASSERT_OK(admin_->Call(&Messages::CancelMessage, fmt::format("message_id: {}", id)));
  ASSERT_OK_AND_ASSIGN(const auto cancelled, watch.Next());
  EXPECT_EQ(cancelled.message_id(), id);
  EXPECT_EQ(cancelled.state(), v1::Message::CANCELLED);
}

TEST_F(WatchTest, RefusesWhatIsNotTheCallers) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const int64_t id = admin_->SendOne(campaign);
  const ServerClient stranger = NewClient("scope: ADMIN", NewAccount());
  EXPECT_THAT(WatchError(stranger, fmt::format("campaign_id: {}", campaign)),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(WatchError(stranger, fmt::format("message_ids: {}", id)),
              HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_THAT(WatchError(ServerClient(server_->port(), "nonsense"), "campaign_id: 1"),
              HasReason("API_KEY_UNKNOWN"));
}

TEST_F(WatchTest, NamesTheFieldThatIsWrong) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(Fields(WatchError(*admin_, "")), Names{"campaign_id"});
  EXPECT_EQ(Fields(WatchError(*admin_, "campaign_id: 1 message_ids: 1")), Names{"message_ids"});
  EXPECT_EQ(Fields(WatchError(*admin_, "message_ids: -1")), Names{"message_ids"});
  v1::WatchMessagesRequest many;
  for (int i = 1; i <= 1'001; ++i) many.add_message_ids(i);
  EXPECT_EQ(Fields(WatchError(*admin_, many.ShortDebugString())), Names{"message_ids"});
}

TEST_F(WatchTest, WhoDoesNotReadIsLeftBehindAndHoldsUpNobody) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const ServerClient other(server_->port(), admin_key_, testing::SmallWindow());
  Watch idle(other, fmt::format("campaign_id: {}", campaign));
  Watch reading(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 1000; ++i) request.add_messages()->set_recipient("+79201234567");
  // Three changes of each message: far more than the queue holds.
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(admin_->Call(&Messages::SendMessages, request));
    ASSERT_EQ(reading.Take(1000).size(), 1000u);
  }

  // Its place is free already: all of the account's quarter but the reading one's are to be had.
  std::vector<std::unique_ptr<Watch>> others;
  for (size_t i = 1; i < base::limits::kWatchersMax / 4; ++i) {
    others.push_back(std::make_unique<Watch>(*admin_, fmt::format("campaign_id: {}", campaign)));
  }
  EXPECT_THAT(WatchError(*admin_, fmt::format("campaign_id: {}", campaign)),
              HasReason("OVERLOADED"));
  // The others' places are theirs.
  const int64_t account = NewAccount();
  const ServerClient stranger = NewClient("display_name: 's' scope: MANAGE", account);
  const int64_t strange = stranger.StartCampaign("template: 'x'");
  Watch watch_of_stranger(stranger, fmt::format("campaign_id: {}", strange));
  watch_of_stranger.Until(stranger.SendOne(strange), v1::Message::DELIVERED);
  const int64_t id = admin_->SendOne(campaign);
  for (const auto& watch : others) watch->Until(id, v1::Message::DELIVERED);

  // When it reads at last, it finds what was on the way, and why there is no more.
  size_t found = 0;
  absl::StatusOr<v1::MessageEvent> event;
  while ((event = idle.Next()).ok()) ++found;
  EXPECT_THAT(event.status(), HasReason("WATCHER_TOO_SLOW"));
  EXPECT_LT(found, base::limits::kWatchQueueMax);
}

TEST_F(WatchTest, ADrainEndsIt) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  server_->Stop();
  EXPECT_THAT(watch.Next().status(), HasReason("DRAINING"));
}

// Whoever was let in once does not stay for ever.
TEST_F(WatchTest, ARevokedKeyEndsWhatItBegan) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const auto key = admin_->Call(&Accounts::CreateApiKey,
                                "account_id: 0 api_key { display_name: 'k' scope: MANAGE }");
  ASSERT_OK(key);
  const ServerClient caller(server_->port(), key->secret());
  Watch messages(caller, fmt::format("campaign_id: {}", campaign));
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::WatchCampaignRequest request;
  request.set_campaign_id(campaign);
  const auto stub = v1::CampaignService::NewStub(caller.channel());
  const auto reader = stub->WatchCampaign(&context, request);
  v1::CampaignProgress progress;
  ASSERT_TRUE(reader->Read(&progress));
  Watch others(*admin_, fmt::format("campaign_id: {}", campaign));

  ASSERT_OK(
      admin_->Call(&Accounts::RevokeApiKey, fmt::format("api_key_id: {}", key->api_key().id())));
  EXPECT_THAT(messages.Next().status(), StatusIs(absl::StatusCode::kUnauthenticated));
  while (reader->Read(&progress)) {
  }
  EXPECT_THAT(testing::FromGrpc(reader->Finish()), StatusIs(absl::StatusCode::kUnauthenticated));
  others.Until(admin_->SendOne(campaign), v1::Message::DELIVERED);
}

}  // namespace
}  // namespace campaigner::e2e

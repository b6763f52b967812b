#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

using Metadata = std::multimap<std::string, std::string>;

class AuthTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  absl::Status List(const Metadata& metadata) {
    return ServerClient(server_->port(), metadata).Call(&Campaigns::ListCampaigns, "").status();
  }
};

TEST_F(AuthTest, TakesTheKeyEitherWay) {
  EXPECT_OK(List({{"x-api-key", admin_key_}}));
  EXPECT_OK(List({{"authorization", "Bearer " + admin_key_}}));
  EXPECT_OK(List({{"authorization", "bearer  " + admin_key_}}));
}

TEST_F(AuthTest, RefusesWhoShowsNoGoodKey) {
  EXPECT_THAT(List({}), HasReason("API_KEY_MISSING"));
  EXPECT_THAT(List({{"authorization", "Basic " + admin_key_}}), HasReason("API_KEY_MISSING"));
  EXPECT_THAT(List({{"authorization", "Bearer"}}), HasReason("API_KEY_MISSING"));
  EXPECT_THAT(List({{"x-api-key", "nonsense"}}), HasReason("API_KEY_UNKNOWN"));
  EXPECT_THAT(List({{"x-api-key", admin_key_ + "x"}}), HasReason("API_KEY_UNKNOWN"));
  const std::string expired = NewKey("scope: SEND expire_time { seconds: 1 }");
  EXPECT_THAT(List({{"x-api-key", expired}}), HasReason("API_KEY_EXPIRED"));
}

TEST_F(AuthTest, ARevokedKeyIsRefusedAtOnce) {
  ASSERT_OK_AND_ASSIGN(const auto made,
                       admin_->Call(&Accounts::CreateApiKey, "api_key { scope: MANAGE }"));
  EXPECT_OK(List({{"x-api-key", made.secret()}}));
  ASSERT_OK_AND_ASSIGN(
      const auto revoked,
      admin_->Call(&Accounts::RevokeApiKey, fmt::format("api_key_id: {}", made.api_key().id())));
  EXPECT_TRUE(revoked.has_revoke_time());
  EXPECT_THAT(List({{"x-api-key", made.secret()}}), HasReason("API_KEY_REVOKED"));
}

TEST_F(AuthTest, BelievesAGatewayAboutTheClientsAddress) {
  const std::string key = NewKey("scope: SEND client_networks: '203.0.113.0/24'");
  EXPECT_THAT(List({{"x-api-key", key}}), HasReason("CLIENT_NETWORK_DENIED"));
  EXPECT_OK(List({{"x-api-key", key}, {"x-client-address", "203.0.113.7"}}));
  EXPECT_THAT(List({{"x-api-key", key}, {"x-client-address", "203.0.114.7"}}),
              HasReason("CLIENT_NETWORK_DENIED"));
}

TEST_F(AuthTest, BelievesNobodyElse) {
  const std::string key = NewKey("scope: SEND client_networks: '203.0.113.0/24'");
  server_.reset();
  Start("trusted_gateway_networks: '192.0.2.0/24'");
  EXPECT_THAT(List({{"x-api-key", key}, {"x-client-address", "203.0.113.7"}}),
              HasReason("CLIENT_NETWORK_DENIED"));
}

TEST_F(AuthTest, EachCallNeedsItsScope) {
  const ServerClient send = NewClient("scope: SEND");
  const ServerClient manage = NewClient("scope: MANAGE");
  const std::string campaign = "campaign { display_name: 'a' }";
  EXPECT_THAT(send.Call(&Campaigns::CreateCampaign, campaign).status(), HasReason("SCOPE_MISSING"));
  EXPECT_OK(manage.Call(&Campaigns::CreateCampaign, campaign));
  EXPECT_THAT(manage.Call(&Accounts::CreateApiKey, "api_key { scope: SEND }").status(),
              HasReason("SCOPE_MISSING"));
  EXPECT_THAT(manage.Call(&Accounts::ListApiKeys, "").status(), HasReason("SCOPE_MISSING"));
  EXPECT_THAT(send.Call(&Webhooks::GetWebhookSecret, "").status(), HasReason("SCOPE_MISSING"));
  EXPECT_OK(manage.Call(&Webhooks::GetWebhookSecret, ""));
  EXPECT_THAT(manage.Call(&Webhooks::RotateWebhookSecret, "").status(), HasReason("SCOPE_MISSING"));
}

TEST_F(AuthTest, NoKeySeesAnotherAccount) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const int64_t message = admin_->SendOne(campaign);
  const int64_t other_account = NewAccount();
  const ServerClient stranger = NewClient("scope: ADMIN", other_account);
  const std::string campaign_id = fmt::format("campaign_id: {}", campaign);
  EXPECT_THAT(stranger.Call(&Campaigns::GetCampaign, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Campaigns::PauseCampaign, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Campaigns::DeleteCampaign, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Campaigns::GetCampaignStatistics, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Messages::ListMessages, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Webhooks::ListWebhookDeliveries, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger
                  .Call(&Campaigns::UpdateCampaign,
                        fmt::format("campaign {{ id: {} display_name: 'mine' }}", campaign))
                  .status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Campaigns::RetryMessages, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Campaigns::CopyCampaign, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Webhooks::ReplayFailedWebhookDeliveries, campaign_id).status(),
              HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Webhooks::ReplayWebhookDelivery, "delivery_id: 1").status(),
              StatusIs(absl::StatusCode::kNotFound));
  const std::string message_id = fmt::format("message_id: {}", message);
  EXPECT_THAT(stranger.Call(&Messages::GetMessage, message_id).status(),
              HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Messages::CancelMessage, message_id).status(),
              HasReason("MESSAGE_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Accounts::GetAccount, "account_id: 1").status(),
              HasReason("ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Accounts::GetApiKey, "api_key_id: 1").status(),
              HasReason("API_KEY_NOT_FOUND"));
  EXPECT_THAT(stranger.Call(&Accounts::RevokeApiKey, "api_key_id: 1").status(),
              HasReason("API_KEY_NOT_FOUND"));
  EXPECT_THAT(
      stranger.Call(&Accounts::CreateApiKey, "account_id: 1 api_key { scope: SEND }").status(),
      HasReason("ACCOUNT_NOT_FOUND"));
  // A campaign cannot name somebody else's key either.
  EXPECT_EQ(
      Fields(
          stranger.Call(&Campaigns::CreateCampaign, "campaign { display_name: 'a' api_key_ids: 1 }")
              .status()),
      std::vector<std::string>{"campaign.api_key_ids"});
  ASSERT_OK_AND_ASSIGN(const auto campaigns, stranger.Call(&Campaigns::ListCampaigns, ""));
  EXPECT_EQ(campaigns.campaigns_size(), 0);
}

TEST_F(AuthTest, NoStreamShowsAnotherAccount) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const ServerClient stranger = NewClient("scope: ADMIN", NewAccount());
  const auto stub = v1::CampaignService::NewStub(stranger.channel());
  {
    grpc::ClientContext context;
    stranger.Prepare(context);
    v1::WatchCampaignRequest request;
    request.set_campaign_id(campaign);
    const auto reader = stub->WatchCampaign(&context, request);
    v1::CampaignProgress progress;
    EXPECT_FALSE(reader->Read(&progress));
    EXPECT_THAT(testing::FromGrpc(reader->Finish()), HasReason("CAMPAIGN_NOT_FOUND"));
  }
  grpc::ClientContext context;
  stranger.Prepare(context);
  v1::ExportMessagesRequest request;
  request.set_campaign_id(campaign);
  const auto reader = stub->ExportMessages(&context, request);
  v1::FileChunk chunk;
  EXPECT_FALSE(reader->Read(&chunk));
  EXPECT_THAT(testing::FromGrpc(reader->Finish()), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_F(AuthTest, AStrangerErasesNobodyElsesRecipient) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const std::string message_id = fmt::format("message_id: {}", admin_->SendOne(campaign));
  const auto before = admin_->Call(&Messages::GetMessage, message_id);
  ASSERT_OK(before);
  const ServerClient stranger = NewClient("scope: ADMIN", NewAccount());
  const auto begun = stranger.Call(&Messages::EraseRecipient,
                                   fmt::format("recipient: '+{}'", before->recipient()));
  ASSERT_OK(begun);
  const std::string operation_id = fmt::format("operation_id: {}", begun->id());
  EXPECT_THAT(admin_->Call(&ServerClient::Operations::GetOperation, operation_id).status(),
              HasReason("OPERATION_NOT_FOUND"));
  grpc::ClientContext context;
  stranger.Prepare(context);
  const auto reader = stranger.operations().WatchOperation(
      &context, Parse<v1::WatchOperationRequest>(operation_id));
  v1::Operation operation;
  while (reader->Read(&operation)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(operation.state(), v1::Operation::DONE);
  EXPECT_EQ(operation.messages(), 0);
  EXPECT_EQ(admin_->Call(&Messages::GetMessage, message_id)->recipient(), before->recipient());
}

TEST_F(AuthTest, OnlyTheOperatorManagesAccounts) {
  const int64_t other = NewAccount();
  const ServerClient stranger = NewClient("scope: ADMIN", other);
  EXPECT_THAT(stranger.Call(&Accounts::CreateAccount, "account { display_name: 'third' }").status(),
              HasReason("SCOPE_MISSING"));
  ASSERT_OK_AND_ASSIGN(const auto own, stranger.Call(&Accounts::ListAccounts, ""));
  ASSERT_EQ(own.accounts_size(), 1);
  EXPECT_EQ(own.accounts(0).id(), other);
  ASSERT_OK_AND_ASSIGN(const auto all, admin_->Call(&Accounts::ListAccounts, ""));
  EXPECT_EQ(all.accounts_size(), 2);
  EXPECT_TRUE(all.accounts(0).operator_());
  // Its send keys are no operators.
  EXPECT_THAT(NewClient("scope: MANAGE")
                  .Call(&Accounts::GetAccount, fmt::format("account_id: {}", other))
                  .status(),
              HasReason("ACCOUNT_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto updated,
                       admin_->Call(&Accounts::UpdateAccount,
                                    fmt::format("account {{ id: {} default_region: 'KZ' }} "
                                                "update_mask {{ paths: 'default_region' }}",
                                                other)));
  EXPECT_EQ(updated.default_region(), "KZ");
  EXPECT_EQ(updated.display_name(), "other");
  ASSERT_OK(admin_->Call(
      &Accounts::UpdateAccount,
      fmt::format("account {{ id: {} rate_limit: 7 time_zone: 'Asia/Almaty' }}", other)));
  // Without a mask the rest stays as it is.
  ASSERT_OK_AND_ASSIGN(
      const auto renamed,
      stranger.Call(&Accounts::UpdateAccount,
                    fmt::format("account {{ id: {} display_name: 'renamed' }}", other)));
  EXPECT_EQ(renamed.display_name(), "renamed");
  EXPECT_EQ(renamed.default_region(), "KZ");
  EXPECT_EQ(renamed.time_zone(), "Asia/Almaty");
  EXPECT_EQ(renamed.rate_limit(), 7);
  EXPECT_EQ(Fields(admin_
                       ->Call(&Accounts::UpdateAccount,
                              fmt::format("account {{ id: {} default_region: 'XX' time_zone: "
                                          "'Mars' }}",
                                          other))
                       .status()),
            (std::vector<std::string>{"account.default_region", "account.time_zone"}));
}

}  // namespace
}  // namespace campaigner::e2e

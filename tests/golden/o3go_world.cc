#include "tests/golden/o3go_world.h"

#include <gtest/gtest.h>

#include "server/base/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::testing {
namespace {

void MakeCampaign(client::Client& client, int64_t expected_id, v1::Campaign campaign) {
  v1::CreateCampaignRequest request;
  campaign.set_display_name("golden");
  *request.mutable_campaign() = std::move(campaign);
  const auto made = client.CreateCampaign(request);
  ASSERT_OK(made);
  ASSERT_EQ(made->id(), expected_id);
}

v1::ApiKey KeyFrom(const std::string& network) {
  v1::ApiKey key;
  key.add_client_networks(network);
  return key;
}

v1::ApiKey ExpiredKey() {
  v1::ApiKey key;
  key.mutable_expire_time()->set_seconds(1);
  return key;
}

// Started long after its time, which it skips: DONE.
v1::Campaign Skipped(v1::Campaign campaign) {
  campaign.mutable_start_time()->set_seconds(1);
  campaign.set_late_start(v1::Campaign::SKIP);
  return campaign;
}

void StartAndAwaitEnd(client::Client& client, int64_t campaign_id) {
  v1::StartCampaignRequest start;
  start.set_campaign_id(campaign_id);
  EXPECT_OK(client.StartCampaign(start));
  v1::GetCampaignRequest get;
  get.set_campaign_id(campaign_id);
  for (auto state = v1::Campaign::SENT; state == v1::Campaign::SENT;) {
    const auto campaign = client.GetCampaign(get);
    ASSERT_OK(campaign);
    state = campaign->state();
  }
}

// One element more than a request may have.
std::string TooManyElements() {
  const std::string element = R"({"campaign_id": 1, "dst_addr": "79201234567", "text": "x"})";
  std::string elements = element;
  for (size_t i = 0; i < base::limits::kMessagesPerSendMax; ++i) elements += "," + element;
  return elements;
}

v1::ApiKey SlowKey() {
  v1::ApiKey key;
  key.set_messages_per_second_max(1);
  return key;
}

}  // namespace

O3goWorld::O3goWorld() {
  client::Client& admin = system_.client();
  v1::CreateAccountRequest other_account;
  other_account.mutable_account()->set_display_name("other");
  const auto other = admin.CreateAccount(other_account);
  EXPECT_OK(other);
  v1::ApiKey manager;
  manager.set_scope(v1::ApiKey::MANAGE);
  const auto other_client = system_.ClientWith(system_.MakeKey(other->id(), manager));

  names_["{{key}}"] = system_.MakeKey(0, {});
  names_["{{key_from_here}}"] = system_.MakeKey(0, KeyFrom("127.0.0.0/8"));
  names_["{{key_from_elsewhere}}"] = system_.MakeKey(0, KeyFrom("203.0.113.0/24"));
  names_["{{expired_key}}"] = system_.MakeKey(0, ExpiredKey());
  names_["{{too_many_elements}}"] = TooManyElements();
  names_["{{long_value}}"] = std::string(base::limits::kFieldValueCharsMax + 1, 'x');
  names_["{{slow_key}}"] = system_.MakeKey(0, SlowKey());
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("gone");
  request.mutable_api_key()->set_scope(v1::ApiKey::SEND);
  const auto gone = admin.CreateApiKey(request);
  EXPECT_OK(gone);
  names_["{{revoked_key}}"] = gone->secret();
  v1::RevokeApiKeyRequest revoke;
  revoke.set_api_key_id(gone->api_key().id());
  EXPECT_OK(admin.RevokeApiKey(revoke));

  v1::Campaign greeting;
  greeting.set_template_("Приветcтвуем Вас, уважаемый {field_1} {field_2} {field_3}! 🎰");
  MakeCampaign(admin, 1, greeting);
  MakeCampaign(*other_client, 2, greeting);
  MakeCampaign(admin, 3, greeting);
  v1::Campaign closed = greeting;
  closed.add_api_key_ids(gone->api_key().id());
  MakeCampaign(admin, 4, closed);
  v1::Campaign wide;
  wide.set_template_("{field_1}{field_2}{field_3}{field_4}{field_5}");
  wide.set_message_attempts(5);
  MakeCampaign(admin, 5, wide);
  MakeCampaign(admin, 6, Skipped(greeting));
  StartAndAwaitEnd(admin, 6);
  v1::Campaign strict = greeting;
  strict.set_missing_values(v1::Campaign::REJECT);
  MakeCampaign(admin, 7, strict);

  v1::StartCampaignRequest start;
  start.set_campaign_id(1);
  EXPECT_OK(admin.StartCampaign(start));
  v1::CancelCampaignRequest cancel;
  cancel.set_campaign_id(3);
  EXPECT_OK(admin.CancelCampaign(cancel));
}

}  // namespace campaigner::testing

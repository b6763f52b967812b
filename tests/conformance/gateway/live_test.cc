#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/live_system.h"
#include "tests/support/raw_http.h"
#include "tests/support/status_matchers.h"

// The native interface, receipts and recovery, through a real gateway and server.
namespace campaigner::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class LiveTest : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    Json json;
  };

  std::string KeyHeader() const { return "X-Api-Key: " + system_.admin_key() + "\r\n"; }

  Answer Ask(std::string_view method, std::string_view target, std::string_view body = "") {
    const auto response =
        RawExchange(system_.gateway_port(), RawRequest(method, target, KeyHeader(), body));
    if (!response) return {};
    return {response->status, Json::parse(response->body, nullptr, false)};
  }
  // The id of a new campaign that is started.
  std::string StartedCampaign() {
    const Answer made =
        Ask("POST", "/v1/campaigns", R"({"displayName": "live", "template": "to {who}"})");
    EXPECT_EQ(made.status, 200) << made.json;
    std::string id = made.json["id"];
    EXPECT_EQ(Ask("POST", "/v1/campaigns/" + id + ":start", "{}").status, 200);
    return id;
  }

  LiveSystem system_;
};

TEST_F(LiveTest, CampaignsOverRest) {
  const std::string id = StartedCampaign();
  const Answer got = Ask("GET", "/v1/campaigns/" + id);
  EXPECT_EQ(got.json["state"], "RUNNING") << got.json;
  EXPECT_EQ(got.json["messageAttempts"], 3);
  const Answer listed = Ask("GET", "/v1/campaigns?states=RUNNING&page_size=10");
  EXPECT_EQ(listed.json["campaigns"].size(), 1u) << listed.json;
  const Answer changed =
      Ask("PATCH", "/v1/campaigns/" + id + "?updateMask=order", R"({"order": 7})");
  EXPECT_EQ(changed.json["order"], 7) << changed.json;
  EXPECT_EQ(changed.json["template"], "to {who}");
  EXPECT_EQ(Ask("POST", "/v1/campaigns/" + id + ":pause").json["state"], "PAUSED");
}

TEST_F(LiveTest, ErrorsCarryTheirDetails) {
  const Answer missing = Ask("GET", "/v1/campaigns/999");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json["error"]["status"], "NOT_FOUND");
  EXPECT_EQ(missing.json["error"]["details"][0]["reason"], "CAMPAIGN_NOT_FOUND");
  const std::string id = StartedCampaign();
  const Answer invalid =
      Ask("POST", "/v1/messages:send",
          R"({"campaignId": ")" + id + R"(", "messages": [{"recipient": "x"}]})");
  EXPECT_EQ(invalid.status, 400);
  EXPECT_THAT(invalid.json.dump(), HasSubstr("messages[0].recipient"));
  const auto anonymous =
      RawExchange(system_.gateway_port(), RawRequest("GET", "/v1/campaigns", "", ""));
  ASSERT_TRUE(anonymous);
  EXPECT_EQ(anonymous->status, 401);
  EXPECT_EQ(anonymous->headers.at("www-authenticate"), "Bearer");
  const auto strange = RawExchange(
      system_.gateway_port(), RawRequest("GET", "/v1/campaigns", "X-Api-Key: \xff\x01\r\n", ""));
  ASSERT_TRUE(strange);
  EXPECT_EQ(strange->status, 400);
  const auto foreign = RawExchange(system_.gateway_port(),
                                   RawRequest("GET", "/v1/campaigns", "X-Api-Key: \xff\r\n", ""));
  ASSERT_TRUE(foreign);
  EXPECT_EQ(foreign->status, 401);
}

TEST_F(LiveTest, SendsAndStreams) {
  const std::string id = StartedCampaign();
  const Answer sent = Ask("POST", "/v1/messages:send",
                          R"({"campaignId": ")" + id +
                              R"(", "messages": [{"recipient": "+79201234567",
                                                  "fields": {"who": "you"}}]})");
  ASSERT_EQ(sent.status, 200) << sent.json;
  EXPECT_EQ(sent.json["messages"][0]["text"], "to you");
  const std::string line = R"({"calls": [{"callNumber": "5", "request": {"campaignId": ")" + id +
                           R"(", "messages": [{"recipient": "+79201234567"}]}}]})";
  const auto streamed = RawExchange(
      system_.gateway_port(),
      RawRequest("POST", "/v1/messages:stream", KeyHeader(), line + "\n\n" + line + "\n"));
  ASSERT_TRUE(streamed);
  EXPECT_EQ(streamed->status, 200);
  EXPECT_EQ(streamed->headers.at("content-type"), "application/x-ndjson");
  EXPECT_THAT(streamed->body, HasSubstr(R"("callNumber":"5")"));
  EXPECT_THAT(streamed->body, HasSubstr(R"("text":"to ")"));
}

TEST_F(LiveTest, WatchesMessagesToTheirEnd) {
  const std::string id = StartedCampaign();
  RawConnection watcher(system_.gateway_port());
  watcher.Send(
      RawRequest("GET", "/v1/messages:watch?finalOnly=true&campaign_id=" + id, KeyHeader(), ""));
  ASSERT_TRUE(watcher.ReceiveUntil("200 OK"));
  const Answer sent = Ask("POST", "/v1/messages:send",
                          R"({"campaignId": ")" + id +
                              R"(", "messages": [{"recipient": "+79201234567",
                                                  "externalId": "mine"}]})");
  ASSERT_EQ(sent.status, 200) << sent.json;
  EXPECT_TRUE(watcher.ReceiveUntil(R"("externalId":"mine","state":"DELIVERED")"));
}

TEST_F(LiveTest, WatchingAnotherAccountsCampaignIsRefusedAsSuch) {
  EXPECT_EQ(Ask("GET", "/v1/messages:watch?campaign_id=999").status, 404);
  const auto anonymous =
      RawExchange(system_.gateway_port(), RawRequest("GET", "/v1/messages:watch", "", ""));
  ASSERT_TRUE(anonymous);
  EXPECT_EQ(anonymous->status, 401);
}

TEST_F(LiveTest, ReceiptsNeedTheirMac) {
  for (const char* reference : {"1-0123456789abcdef", "nonsense", "%ff", "1-"}) {
    const auto response = RawExchange(
        system_.gateway_port(),
        RawRequest("GET", std::string("/receipts/v1/kannel/") + reference + "?type=1", "", ""));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 403) << reference << response->body;
  }
}

TEST_F(LiveTest, OneBadElementStoresNothing) {
  const std::string id = StartedCampaign();
  const auto refused = Ask("POST", "/ext/api/v1/messages/send",
                           R"([{"campaign_id": )" + id + R"(, "dst_addr": "79201234567"},
                               {"campaign_id": )" +
                               id + R"(, "dst_addr": "none"}])");
  EXPECT_EQ(refused.status, 422) << refused.json;
  EXPECT_EQ(refused.json["detail"][0]["loc"].dump(), R"(["body",1,"dst_addr"])");
  EXPECT_EQ(Ask("GET", "/v1/campaigns/" + id + "/statistics").json["messages"], "0");
}

// A request that is served is answered so, however long its headers are: else it is sent again.
TEST_F(LiveTest, LongHeadersDoNotDoubleMessages) {
  const std::string id = StartedCampaign();
  const std::string send =
      R"([{"campaign_id": )" + id + R"(, "dst_addr": "79201234567", "text": "x"}])";
  const std::string headers = KeyHeader() + "Cookie: " + std::string(9'000, 'c') + "\r\n";
  const auto sent = RawExchange(system_.gateway_port(),
                                RawRequest("POST", "/ext/api/v1/messages/send?a?b", headers, send));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->status, 200) << sent->body;
  EXPECT_EQ(Json::parse(sent->body).size(), 1u) << sent->body;
  EXPECT_EQ(Ask("GET", "/v1/campaigns/" + id + "/statistics").json["messages"], "1");
}

// The server ignores the callers' keys then; that is no caller's mistake.
TEST(UntrustedGatewayTest, TellsThatItIsNotSetUp) {
  LiveSystem system("trusted_gateway_networks: '203.0.113.0/24'");
  const auto refused = RawExchange(
      system.gateway_port(),
      RawRequest("POST", "/ext/api/v1/messages/send", "X-Api-Key: " + system.admin_key() + "\r\n",
                 R"([{"campaign_id": 1, "dst_addr": "79201234567", "text": "x"}])"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_THAT(refused->body, HasSubstr("not set up"));
}

TEST_F(LiveTest, ComesBackWithItsServer) {
  const std::string id = StartedCampaign();
  const std::string send =
      R"([{"campaign_id": )" + id + R"(, "dst_addr": "79201234567", "text": "x"}])";
  EXPECT_EQ(Ask("POST", "/ext/api/v1/messages/send", send).status, 200);
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  system_.StopServer();
  EXPECT_EQ(Ask("POST", "/ext/api/v1/messages/send", send).status, 503);
  EXPECT_EQ(Ask("GET", "/readyz").status, 503);
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  system_.StartServer();
  // The channel finds the server again within two seconds; asking is what makes it look.
  int status = 503;
  for (int i = 0; i < 1'000'000 && status == 503; ++i) status = Ask("GET", "/readyz").status;
  EXPECT_EQ(status, 200);
  EXPECT_EQ(Ask("POST", "/ext/api/v1/messages/send", send).status, 200);
}

}  // namespace
}  // namespace campaigner::testing

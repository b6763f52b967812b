#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/errors.h"
#include "gateway/gateway.h"
#include "tests/support/raw_http.h"
#include "tests/support/status_matchers.h"

// The whole gateway while its server is away: everything that it decides by itself.
namespace campaigner::gateway {
namespace {

using campaigner::testing::RawExchange;
using campaigner::testing::RawRequest;
using campaigner::testing::RawResponse;
using ::testing::HasSubstr;
using ::testing::Not;

class FrontTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GatewayOptions options;
    options.http.listen = "127.0.0.1:0";
    // Nobody listens on port 1.
    options.server.target = "127.0.0.1:1";
    ASSERT_OK_AND_ASSIGN(gateway_, Gateway::Start(options));
  }
  RawResponse Ask(std::string_view method, std::string_view target, std::string_view headers = "",
                  std::string_view body = "") {
    const auto response = RawExchange(gateway_->port(), RawRequest(method, target, headers, body));
    EXPECT_TRUE(response) << method << " " << target;
    return response.value_or(RawResponse());
  }

  std::unique_ptr<Gateway> gateway_;
};

TEST_F(FrontTest, TellsHowItIs) {
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_EQ(Ask("GET", "/readyz").status, 503);
  EXPECT_EQ(nlohmann::json::parse(Ask("GET", "/openapi.json").body)["openapi"], "3.0.3");
  EXPECT_THAT(Ask("GET", "/metrics").body,
              HasSubstr(R"(requests_total{method="GET",route="/readyz",status="503"} 1)"));
}

TEST_F(FrontTest, HeadHasNoBody) {
  const auto response = RawExchange(
      gateway_->port(), "HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  // The length is that of GET; nothing follows it.
  EXPECT_FALSE(response);
}

TEST_F(FrontTest, UnknownPathsAndMethods) {
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/campaigns/1/nothing").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/%63ampaigns").status, 404);
  const auto refused = Ask("DELETE", "/v1/campaigns");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.at("allow"), "POST, GET, HEAD");
  for (const char* method : {"OPTIONS", "TRACE", "CONNECT", "BREW"}) {
    const auto response = Ask(method, "/v1/campaigns");
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.headers.at("allow"), "POST, GET, HEAD") << method;
    EXPECT_THAT(response.body, HasSubstr("HTTP_METHOD_NOT_ALLOWED")) << method;
    EXPECT_EQ(Ask(method, "/nothing").status, 404) << method;
  }
  const auto o3go = Ask("GET", "/ext/api/v1/messages/send");
  EXPECT_EQ(o3go.status, 405);
  EXPECT_EQ(o3go.body, R"({"detail":"Method Not Allowed"})");
}

TEST_F(FrontTest, ItsOwnErrorsHaveACodeAndAReason) {
  const struct {
    int status;
    const char* code;
    const char* reason;
  } cases[] = {
      {404, "NOT_FOUND", "HTTP_NOT_FOUND"},
      {408, "DEADLINE_EXCEEDED", "HTTP_REQUEST_TIMEOUT"},
      {409, "ABORTED", "HTTP_CONFLICT"},
      {413, "INVALID_ARGUMENT", "HTTP_PAYLOAD_TOO_LARGE"},
      {429, "RESOURCE_EXHAUSTED", "HTTP_TOO_MANY_REQUESTS"},
      {499, "CANCELLED", "HTTP_CLIENT_CLOSED_REQUEST"},
      {503, "UNAVAILABLE", "HTTP_SERVICE_UNAVAILABLE"},
      {504, "DEADLINE_EXCEEDED", "HTTP_GATEWAY_TIMEOUT"},
  };
  for (const auto& [status, code, reason] : cases) {
    const auto error = nlohmann::json::parse(NativeHttpError(status, "why").body)["error"];
    EXPECT_EQ(error["code"], status);
    EXPECT_EQ(error["status"], code) << status;
    EXPECT_EQ(error["details"][0]["reason"], reason) << status;
  }
}

TEST_F(FrontTest, RefusalsSpeakTheDialect) {
  const auto refused =
      RawExchange(gateway_->port(),
                  "POST /ext/api/v1/messages/send?x-api-key=k HTTP/1.1\r\nHost: h\r\n"
                  "Content-Length: 16777217\r\n\r\n");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 413);
  EXPECT_EQ(refused->body, R"({"detail":"the body is larger than 16 MiB"})");
}

TEST_F(FrontTest, ServerAway) {
  const struct {
    const char* method;
    const char* target;
    const char* body;
  } cases[] = {
      {"POST", "/ext/api/v1/messages/send", R"([{"campaign_id": 1, "dst_addr": "7"}])"},
      {"GET", "/v1/campaigns", ""},
      {"GET", "/v1/messages:watch?campaign_id=1", ""},
      {"POST", "/v1/messages:stream", "{}\n"},
      {"GET", "/receipts/v1/kannel/1-00?type=1", ""},
  };
  for (const auto& [method, target, body] : cases) {
    const auto response = Ask(method, target, "X-Api-Key: k\r\n", body);
    EXPECT_EQ(response.status, 503) << target;
    EXPECT_EQ(response.headers.count("retry-after"), 1u) << target;
    EXPECT_THAT(response.body, Not(HasSubstr("127.0.0.1"))) << target;
  }
}

TEST_F(FrontTest, BadJsonNeverReachesTheServer) {
  const std::string nul("{\"a\": \"\\u0000\"}");
  for (const std::string& body : {std::string("{"), std::string("{\"templat\": 1}"), nul,
                                  std::string("{\"order\": 1, \"order\": 2}"), std::string("\xff"),
                                  std::string(200, '['), std::string("[]"), std::string("5")}) {
    const auto response = Ask("POST", "/v1/campaigns", "X-Api-Key: k\r\n", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(nlohmann::json::parse(response.body)["error"]["status"], "INVALID_ARGUMENT") << body;
  }
  EXPECT_EQ(Ask("POST", "/v1/messages:stream", "", "{}\n{\n").status, 400);
}

}  // namespace
}  // namespace campaigner::gateway

#include "gateway/native/binding.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/message_service.pb.h"
#include "gateway/credentials.h"
#include "gateway/json_check.h"
#include "gateway/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::gateway::native {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

HttpRpc Rpc(const char* method, const char* http_method) {
  for (HttpRpc& rpc : AllHttpRpcs()) {
    if (rpc.method->name() == method && rpc.http_method == http_method) return rpc;
  }
  ADD_FAILURE() << "no such RPC: " << method;
  return {};
}

template <typename Message>
Message Bound(const char* method, const char* http_method, const http::Request& request) {
  const auto bound = BindRequest(Rpc(method, http_method), request);
  EXPECT_OK(bound);
  return bound.ok() ? dynamic_cast<const Message&>(**bound) : Message();
}

http::Request With(std::string query, std::string body, http::Parameters path_variables) {
  http::Request request;
  request.target = "/?" + query;
  request.body = std::move(body);
  request.path_variables = std::move(path_variables);
  return request;
}

TEST(BindRequestTest, ReadsQueryOfEveryKind) {
  const auto list = Bound<v1::ListCampaignsRequest>(
      "ListCampaigns", "GET",
      With("page_size=7&pageToken=a%20b&states=NEW&states=running", "", {}));
  EXPECT_EQ(list.page_size(), 7);
  EXPECT_EQ(list.page_token(), "a b");
  EXPECT_THAT(list.states(), ElementsAre(v1::Campaign::NEW, v1::Campaign::RUNNING));
  const auto watch = Bound<v1::WatchMessagesRequest>(
      "WatchMessages", "GET",
      With("message_ids=1&message_ids=9007199254740993&finalOnly=true", "", {}));
  EXPECT_THAT(watch.message_ids(), ElementsAre(1, 9007199254740993));
  EXPECT_TRUE(watch.final_only());
  const auto update = Bound<v1::UpdateCampaignRequest>(
      "UpdateCampaign", "PATCH",
      With("updateMask=template,displayName", R"({"template": "x"})", {{"campaign.id", "5"}}));
  EXPECT_EQ(update.campaign().id(), 5);
  EXPECT_EQ(update.campaign().template_(), "x");
  EXPECT_THAT(update.update_mask().paths(), ElementsAre("template", "display_name"));
}

TEST(BindRequestTest, ReadsBodies) {
  const auto create = Bound<v1::CreateCampaignRequest>(
      "CreateCampaign", "POST",
      With("request_id=r", R"({"displayName": "n", "sending_timeout": "3.5s", "order": 4,
           "start_time": "2030-01-01T00:00:00+03:00", "apiKeyIds": ["1", 2]})",
           {}));
  EXPECT_EQ(create.request_id(), "r");
  EXPECT_EQ(create.campaign().display_name(), "n");
  EXPECT_EQ(create.campaign().sending_timeout().nanos(), 500'000'000);
  EXPECT_EQ(create.campaign().start_time().seconds(), 1893445200);
  EXPECT_THAT(create.campaign().api_key_ids(), ElementsAre(1, 2));
}

TEST(BindRequestTest, PathWins) {
  const auto start = Bound<v1::StartCampaignRequest>(
      "StartCampaign", "POST", With("", R"({"campaignId": "7"})", {{"campaign_id", "0"}}));
  EXPECT_EQ(start.campaign_id(), 0);
}

TEST(BindRequestTest, NamesWhatIsWrong) {
  const struct {
    const char* method;
    const char* http_method;
    http::Request request;
    const char* field;
  } cases[] = {
      {"ListCampaigns", "GET", With("colour=red", "", {}), "colour"},
      {"ListCampaigns", "GET", With("page_size=many", "", {}), "page_size"},
      {"ListCampaigns", "GET", With("page_size=1&page_size=2", "", {}), "page_size"},
      {"ListCampaigns", "GET", With("page_size.x=1", "", {}), "page_size.x"},
      {"ListCampaigns", "GET", With("states=PURPLE", "", {}), "states"},
      {"ListCampaigns", "GET", With("page_token=%00", "", {}), "page_token"},
      {"ListCampaigns", "GET", With("page_token=%ff", "", {}), "page_token"},
      {"ListCampaigns", "GET", With("", "{}", {}), ""},
      {"GetCampaign", "GET", With("", "", {{"campaign_id", "x"}}), "campaign_id"},
      {"GetCampaign", "GET", With("", "", {{"campaign_id", "99999999999999999999"}}),
       "campaign_id"},
      {"CreateCampaign", "POST", With("campaign=1", "", {}), "campaign"},
      {"CreateCampaign", "POST", With("", R"({"colour": "red"})", {}), "colour"},
      {"CreateCampaign", "POST", With("", R"({"order": "red"})", {}), "order"},
      {"CreateCampaign", "POST", With("", R"({"startTime": "soon"})", {}), "start"},
      {"SendMessages", "POST", With("", R"({"messages": [{"recipient": {}}]})", {}), "messages[0]"},
  };
  for (const auto& [method, http_method, request, field] : cases) {
    const auto bound = BindRequest(Rpc(method, http_method), request);
    ASSERT_THAT(bound, StatusIs(absl::StatusCode::kInvalidArgument))
        << request.target << request.body;
    EXPECT_THAT(bound.status().ToString(), HasSubstr(field)) << request.target << request.body;
    EXPECT_THAT(bound.status().ToString(), Not(HasSubstr("red")));
  }
}

TEST(BindRequestTest, CallersCannotSpeakForOthers) {
  v1::StreamMessagesRequest request;
  request.add_calls()->mutable_credentials()->set_client_address("10.0.0.1");
  request.mutable_calls(0)->mutable_request()->set_campaign_id(5);
  RemoveCredentials(request);
  EXPECT_FALSE(request.calls(0).has_credentials());
  EXPECT_EQ(request.calls(0).request().campaign_id(), 5);
}

TEST(CredentialsOfTest, ReadsBothHeaders) {
  http::Request request;
  request.client_address = "1.2.3.4";
  EXPECT_EQ(CredentialsOf(request).api_key(), "");
  request.headers = {{"authorization", "bearer abc"}};
  EXPECT_EQ(CredentialsOf(request).api_key(), "abc");
  request.headers.emplace_back("X-API-KEY", "def");
  EXPECT_EQ(CredentialsOf(request).api_key(), "def");
  EXPECT_EQ(CredentialsOf(request).client_address(), "1.2.3.4");
}

TEST(CheckStrictJsonTest, TakesJson) {
  for (const char* json :
       {"{}", "[]", "5", "\"x\"", R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", " [1.5e3, null] "}) {
    EXPECT_OK(CheckStrictJson(json)) << json;
  }
}

TEST(CheckStrictJsonTest, BoundsTheNamesThatItHolds) {
  const auto object = [](size_t members) {
    std::string json = "{\"m\": 0";
    for (size_t i = 1; i < members; ++i) json += fmt::format(",\"{}\": 0", i);
    return json + "}";
  };
  EXPECT_OK(CheckStrictJson(object(limits::kJsonMembersMax)));
  EXPECT_THAT(CheckStrictJson(object(limits::kJsonMembersMax + 1)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CheckStrictJsonTest, RefusesWhatProtobufForgives) {
  const std::string deep(65, '[');
  for (const std::string& json :
       {std::string("{\"a\":1,}"), std::string("{'a':1}"), std::string("{a:1}"),
        std::string("{\"a\":1,\"a\":2}"), std::string("{\"x\":{\"a\":1,\"\\u0061\":2}}"),
        std::string("[\"\\u0000\"]"), std::string("[1] 2"), std::string("[\"\xc0\x80\"]"),
        std::string(""), std::string("{\"a\\u0000\":1}"), deep + std::string(65, ']')}) {
    EXPECT_THAT(CheckStrictJson(json), StatusIs(absl::StatusCode::kInvalidArgument)) << json;
  }
}

}  // namespace
}  // namespace campaigner::gateway::native

#include "gateway/dialects/o3go.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "server/base/error.h"
#include "server/base/limits.h"

namespace campaigner::gateway::dialects {
namespace {

using ::testing::HasSubstr;

http::Request Post(std::string body) {
  http::Request request;
  request.method = "POST";
  request.target = "/ext/api/v1/messages/send";
  request.headers = {{"x-api-key", "k"}};
  request.body = std::move(body);
  return request;
}

v1::SendMessagesRequest Accepted(std::string body) {
  auto parsed = ParseO3goSend(Post(std::move(body)));
  if (auto* refusal = std::get_if<http::Response>(&parsed)) {
    ADD_FAILURE() << refusal->body;
    return {};
  }
  return std::get<0>(std::move(parsed));
}

http::Response Refused(const http::Request& request) {
  auto parsed = ParseO3goSend(request);
  if (auto* refusal = std::get_if<http::Response>(&parsed)) return *refusal;
  ADD_FAILURE() << "was accepted: " << request.body;
  return {};
}

TEST(O3goParseTest, ReadsEveryField) {
  const auto request = Accepted(
      R"([{"id": 123, "campaign_id": 7, "dst_addr": "8 (920) 1", "text": "T", "field_1": "a",
           "field_2": "b", "field_3": "c", "field_4": "d", "field_5": "e", "more": [{"x": 1}]},
          {"campaign_id": 8, "dst_addr": 79201234567, "id": "q", "text": null, "field_1": null}])");
  ASSERT_EQ(request.messages_size(), 2);
  const v1::NewMessage& first = request.messages(0);
  EXPECT_EQ(first.external_id(), "123");
  EXPECT_TRUE(first.external_id_is_number());
  EXPECT_EQ(first.campaign_id(), 7);
  EXPECT_EQ(first.recipient(), "8 (920) 1");
  EXPECT_EQ(first.text(), "T");
  EXPECT_EQ(first.fields().size(), 5u);
  EXPECT_EQ(first.fields().at("field_5"), "e");
  const v1::NewMessage& second = request.messages(1);
  EXPECT_EQ(second.external_id(), "q");
  EXPECT_FALSE(second.external_id_is_number());
  EXPECT_EQ(second.recipient(), "79201234567");
  EXPECT_FALSE(second.has_text());
  EXPECT_TRUE(second.fields().empty());
}

TEST(O3goParseTest, KeepsNumbersDigitForDigit) {
  for (const char* id : {"0", "9223372036854775807", "18446744073709551615", "-5",
                         "123456789012345678901234567890"}) {
    const auto request =
        Accepted(std::string(R"([{"campaign_id": 1, "dst_addr": "7", "id": )") + id + "}]");
    ASSERT_EQ(request.messages_size(), 1);
    EXPECT_EQ(request.messages(0).external_id(), id);
    EXPECT_TRUE(request.messages(0).external_id_is_number());
  }
}

TEST(O3goParseTest, LastOfDuplicatesCounts) {
  const auto request = Accepted(
      R"([{"campaign_id": 1, "dst_addr": "7", "id": 1, "id": "x", "text": "a", "text": null}])");
  EXPECT_EQ(request.messages(0).external_id(), "x");
  EXPECT_FALSE(request.messages(0).external_id_is_number());
  EXPECT_FALSE(request.messages(0).has_text());
}

TEST(O3goParseTest, NamesBadFields) {
  const struct {
    const char* element;
    const char* loc;
    const char* type;
  } cases[] = {
      {R"({"dst_addr": "7"})", R"(["body",1,"campaign_id"])", "value_error.missing"},
      {R"({"campaign_id": 1})", R"(["body",1,"dst_addr"])", "value_error.missing"},
      {R"({"campaign_id": "1", "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "type_error.integer"},
      {R"({"campaign_id": 1.5, "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "type_error.integer"},
      {R"({"campaign_id": true, "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "type_error.integer"},
      {R"({"campaign_id": 99999999999999999999, "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "type_error.integer"},
      {R"({"campaign_id": 0, "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "value_error.number.not_gt"},
      {R"({"campaign_id": null, "dst_addr": "7"})", R"(["body",1,"campaign_id"])",
       "type_error.none.not_allowed"},
      {R"({"campaign_id": 1, "dst_addr": null})", R"(["body",1,"dst_addr"])",
       "type_error.none.not_allowed"},
      {R"({"campaign_id": 1, "dst_addr": 7.5})", R"(["body",1,"dst_addr"])", "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": true})", R"(["body",1,"dst_addr"])", "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": ["7"]})", R"(["body",1,"dst_addr"])", "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "id": 1.5})", R"(["body",1,"id"])", "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "id": 1e3})", R"(["body",1,"id"])", "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "id": false})", R"(["body",1,"id"])",
       "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "text": 5})", R"(["body",1,"text"])",
       "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "text": {"a": 1}})", R"(["body",1,"text"])",
       "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7", "field_2": 5})", R"(["body",1,"field_2"])",
       "type_error.str"},
      {R"({"campaign_id": 1, "dst_addr": "7\u0000"})", R"(["body",1,"dst_addr"])",
       "value_error.str.nul"},
      {R"(5)", R"(["body",1])", "type_error.dict"},
      {R"([])", R"(["body",1])", "type_error.dict"},
      {R"(null)", R"(["body",1])", "type_error.dict"},
  };
  for (const auto& [element, loc, type] : cases) {
    const auto refusal =
        Refused(Post(std::string(R"([{"campaign_id": 1, "dst_addr": "7"}, )") + element + "]"));
    EXPECT_EQ(refusal.status, 422) << element;
    const auto detail = nlohmann::json::parse(refusal.body)["detail"];
    ASSERT_EQ(detail.size(), 1u) << refusal.body;
    EXPECT_EQ(detail[0]["loc"].dump(), loc) << element;
    EXPECT_EQ(detail[0]["type"], type) << element;
  }
}

TEST(O3goParseTest, NamesWhatIsNoArray) {
  for (const char* body : {"{}", "5", "null", R"("a")", "[]", R"({"campaign_id": [1]})"}) {
    const auto refusal = Refused(Post(body));
    EXPECT_EQ(refusal.status, 422) << body;
    EXPECT_THAT(refusal.body, HasSubstr(R"("loc":["body"])")) << body;
  }
}

TEST(O3goParseTest, RefusesBrokenJson) {
  const std::string deep(100'000, '[');
  for (const std::string& body :
       {std::string(""), std::string("["), std::string("[{]"), std::string("[{}] x"),
        std::string("[{'a': 1}]"), std::string("[{\"a\": 1,}]"), std::string("[tru]"),
        std::string("[{\"a\": \"\xff\"}]"), std::string("[{\"a\": \"\\ud800\"}]"), deep,
        "[{\"a\":" + deep}) {
    const auto refusal = Refused(Post(body));
    EXPECT_EQ(refusal.status, 400) << body.substr(0, 40);
    EXPECT_TRUE(nlohmann::json::parse(refusal.body)["detail"].is_string()) << refusal.body;
  }
}

TEST(O3goParseTest, CountsMessages) {
  std::string body = "[";
  for (size_t i = 0; i < base::limits::kMessagesPerSendMax; ++i) {
    body += R"({"campaign_id":1,"dst_addr":"7"},)";
  }
  std::string full = body;
  full.back() = ']';
  EXPECT_EQ(Accepted(full).messages_size(), 10'000);
  EXPECT_EQ(Refused(Post(body + R"({"campaign_id":1,"dst_addr":"7"}])")).status, 413);
}

TEST(O3goParseTest, TakesTheKeyFromHeaderOrQuery) {
  http::Request request = Post("[]");
  EXPECT_EQ(O3goCredentials(request).api_key(), "k");
  request.target += "?x-api-key=other";
  EXPECT_EQ(O3goCredentials(request).api_key(), "k");
  request.headers.clear();
  EXPECT_EQ(O3goCredentials(request).api_key(), "other");
  request.target = "/x?x_api_key=third";
  EXPECT_EQ(O3goCredentials(request).api_key(), "third");
  request.target = "/x";
  const auto refusal = Refused(request);
  EXPECT_EQ(refusal.status, 403);
  EXPECT_EQ(refusal.body, R"({"detail":"Not authenticated"})");
}

TEST(O3goParseTest, PassesTheIdempotencyKeyOn) {
  http::Request request = Post(R"([{"campaign_id":1,"dst_addr":"7"}])");
  request.headers.emplace_back("idempotency-key", "once");
  auto parsed = ParseO3goSend(request);
  ASSERT_TRUE(std::holds_alternative<v1::SendMessagesRequest>(parsed));
  EXPECT_EQ(std::get<0>(parsed).request_id(), "once");
}

TEST(O3goFormatTest, LeavesOutWhatWasNotGiven) {
  const auto request =
      Accepted(R"([{"campaign_id":1,"dst_addr":"+7 920","field_2":"b"},{"campaign_id":2,
                    "dst_addr":5,"id":9}])");
  v1::SendMessagesResponse response;
  for (const char* text : {"Привет \"x\"", "y"}) {
    auto& sent = *response.add_messages();
    sent.set_text(text);
    sent.set_message_attempts(3);
  }
  EXPECT_EQ(FormatO3goSend(request, response).body,
            R"([{"text":"Привет \"x\"","campaign_id":1,"field_2":"b","dst_addr":"+7 920",)"
            R"("attempts":3},{"text":"y","campaign_id":2,"ext_id":"9","dst_addr":"5",)"
            R"("attempts":3}])");
}

TEST(O3goErrorTest, SpeaksTheServersErrors) {
  const struct {
    absl::StatusCode code;
    const char* reason;
    int status;
    bool has_retry_after;
  } cases[] = {
      {absl::StatusCode::kUnauthenticated, "API_KEY_UNKNOWN", 401, false},
      {absl::StatusCode::kPermissionDenied, "CLIENT_NETWORK_DENIED", 403, false},
      {absl::StatusCode::kNotFound, "CAMPAIGN_NOT_FOUND", 404, false},
      {absl::StatusCode::kFailedPrecondition, "CAMPAIGN_CLOSED", 409, false},
      {absl::StatusCode::kResourceExhausted, "RATE_EXCEEDED", 429, true},
      {absl::StatusCode::kResourceExhausted, "", 503, true},
      {absl::StatusCode::kUnavailable, "OVERLOADED", 503, true},
      {absl::StatusCode::kDeadlineExceeded, "", 503, true},
      {absl::StatusCode::kInternal, "INTERNAL", 500, false},
  };
  for (const auto& [code, reason, status, has_retry_after] : cases) {
    const auto response = FormatO3goError(base::MakeError(code, "why", {.reason = reason}));
    EXPECT_EQ(response.status, status) << reason;
    EXPECT_EQ(response.body, R"({"detail":"why"})");
    EXPECT_EQ(response.headers.size(), has_retry_after ? 1u : 0u) << reason;
  }
}

TEST(O3goErrorTest, NamesTheCallersFields) {
  const auto response = FormatO3goError(
      base::MakeError(absl::StatusCode::kInvalidArgument, "bad",
                      {.reason = "INVALID_FIELDS",
                       .violations = {{"messages[3].recipient", "is no number"},
                                      {"messages[0].external_id", "is too long"},
                                      {"messages[1].fields[\"field_2\"]", "is too long"},
                                      {"messages[2].fields[field_1]", "is too long"},
                                      {"messages[4]", "is odd"},
                                      {"request_id", "is odd"}}}));
  EXPECT_EQ(response.status, 422);
  const auto detail = nlohmann::json::parse(response.body)["detail"];
  EXPECT_EQ(detail[0]["loc"].dump(), R"(["body",3,"dst_addr"])");
  EXPECT_EQ(detail[1]["loc"].dump(), R"(["body",0,"id"])");
  EXPECT_EQ(detail[2]["loc"].dump(), R"(["body",1,"field_2"])");
  EXPECT_EQ(detail[3]["loc"].dump(), R"(["body",2,"field_1"])");
  EXPECT_EQ(detail[4]["loc"].dump(), R"(["body",4])");
  EXPECT_EQ(detail[5]["loc"].dump(), R"(["header","Idempotency-Key"])");
}

}  // namespace
}  // namespace campaigner::gateway::dialects

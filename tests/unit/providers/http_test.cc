#include "server/providers/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_server.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/providers/submit_and_wait.h"

namespace campaigner::providers {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;
using ::campaigner::testing::StatusIs;
using domain::AttemptOutcome;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Something to escape everywhere.
Submission TrickySubmission() {
  Submission submission = AnySubmission();
  submission.text = "a&b=\"c\" <d> \\ %\nline";
  submission.sender = "";
  return submission;
}

class HttpProviderTest : public ::testing::Test {
 protected:
  std::unique_ptr<Provider> Make(HttpOptions options) {
    auto made = MakeHttpProvider("api", std::move(options), *http_);
    EXPECT_OK(made);
    return *std::move(made);
  }
  ScriptedRequest Sent(HttpOptions options, Submission submission = TrickySubmission()) {
    EXPECT_EQ(SubmitAndWait(*Make(std::move(options)), std::move(submission)).outcome,
              AttemptOutcome::kAccepted);
    return server_.requests().back();
  }

  ScriptedServer server_{[](const ScriptedRequest&) { return HttpAnswer(200, "{}"); }};
  std::unique_ptr<net::HttpClient> http_ = net::MakeHttpClient({});
};

TEST_F(HttpProviderTest, SendsJson) {
  const ScriptedRequest got = Sent(
      {.url = server_.Url("/send/{recipient}?ref={reference}&key={secret:KEY}"),
       .headers = {{"Authorization", "Bearer {secret:KEY}"}, {"Idempotency-Key", "{reference}"}},
       .body = R"({"id": {message_id}, "text": "{text}", "from": "{sender}"})",
       .secrets = {{"KEY", "k/1"}},
       .default_sender = "Default"});
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/send/79201234567?ref=16-0123456789abcdef&key=k%2F1");
  EXPECT_EQ(got.headers.at("authorization"), "Bearer k/1");
  EXPECT_EQ(got.headers.at("idempotency-key"), "16-0123456789abcdef");
  EXPECT_EQ(got.headers.at("content-type"), "application/json");
  EXPECT_EQ(got.body, R"({"id": 42, "text": "a&b=\"c\" <d> \\ %\nline", "from": "Default"})");
}

TEST_F(HttpProviderTest, SendsAForm) {
  const ScriptedRequest got = Sent({.url = server_.Url(),
                                    .method = "PUT",
                                    .body = "to={recipient}&text={text}&callback={receipt_url}",
                                    .content_type = "application/x-www-form-urlencoded"});
  EXPECT_EQ(got.method, "PUT");
  EXPECT_EQ(got.body,
            "to=79201234567&text=a%26b%3D%22c%22%20%3Cd%3E%20%5C%20%25%0Aline&callback="
            "http%3A%2F%2F127.0.0.1%3A8080%2Freceipts%2Fkannel%3Freference%3D16-0123456789abcdef");
}

TEST_F(HttpProviderTest, SendsXmlAndPlainText) {
  EXPECT_EQ(Sent({.url = server_.Url(),
                  .body = "<m to=\"{recipient}\">{text}</m>",
                  .content_type = "Text/XML; charset=utf-8"})
                .body,
            "<m to=\"79201234567\">a&amp;b=&quot;c&quot; &lt;d&gt; \\ %\nline</m>");
  EXPECT_EQ(Sent({.url = server_.Url(), .body = "{text}", .content_type = "text/plain"}).body,
            TrickySubmission().text);
}

TEST_F(HttpProviderTest, SendsNoBodyWhereNoneIsGiven) {
  const ScriptedRequest got = Sent({.url = server_.Url("/?text={text}"), .method = "GET"});
  EXPECT_EQ(got.method, "GET");
  EXPECT_EQ(got.target, "/?text=a%26b%3D%22c%22%20%3Cd%3E%20%5C%20%25%0Aline");
  EXPECT_EQ(got.headers.count("content-type"), 0u);
}

TEST_F(HttpProviderTest, LineBreaksCannotInjectHeaders) {
  const auto provider =
      Make({.url = server_.Url(), .headers = {{"X-Text", "{text}"}}, .body = "{}"});
  Submission submission = AnySubmission();
  for (const char* text : {"a\r\nEvil: yes", "a\nb", "a\rb"}) {
    submission.text = text;
    EXPECT_EQ(SubmitAndWait(*provider, submission).outcome, AttemptOutcome::kRejected);
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpProviderTest, ReadsTheMessageId) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"result": {"id": "abc-1"}})", "abc-1"},
      {R"({"result": {"id": 12345678901}})", "12345678901"},
      {R"({"result": {"id": null}})", ""},
      {R"({"result": {"id": {}}})", ""},
      {R"({"result": []})", ""},
      {R"({"result": "id"})", ""},
      {"{}", ""},
      {"", ""},
      {"no json", ""},
      {"{\"result\": {\"id\": \"\xFF\"}}", ""},
      {"{\"result\": {\"id\": \"a\\u0000b\\n\"}}", "a b "},
  };
  const auto provider =
      Make({.url = server_.Url(), .body = "{}", .message_id_pointer = "/result/id"});
  for (const auto& [body, id] : cases) {
    server_.SetHandler([&](const ScriptedRequest&) { return HttpAnswer(200, body); });
    const SubmitOutcome outcome = SubmitAndWait(*provider, AnySubmission());
    EXPECT_EQ(outcome.outcome, AttemptOutcome::kAccepted) << body;
    EXPECT_EQ(outcome.provider_message_id, id) << body;
  }
}

TEST_F(HttpProviderTest, SaysWhatItCanDo) {
  const auto silent = Make({.url = server_.Url()});
  EXPECT_FALSE(silent->capabilities().sends_receipts);
  EXPECT_FALSE(silent->capabilities().deduplicates);
  EXPECT_EQ(silent->capabilities().batch_max, 1);
  const auto able = Make({.url = server_.Url(), .deduplicates = true, .receipts = true});
  EXPECT_TRUE(able->capabilities().sends_receipts);
  EXPECT_TRUE(able->capabilities().deduplicates);
}

TEST_F(HttpProviderTest, NamesTheFieldThatIsWrong) {
  const std::string url = server_.Url();
  struct Case {
    HttpOptions options;
    const char* field;
    const char* what;
  };
  const std::vector<Case> cases = {
      {{.url = ""}, "http.url", "http://"},
      {{.url = "file:///etc/passwd"}, "http.url", "http://"},
      {{.url = url + "{phone}"}, "http.url", "{phone}"},
      {{.url = url, .method = "TRACE"}, "http.method", "POST"},
      {{.url = url, .headers = {{"X-A", "{nope}"}}}, "http.headers[X-A]", "{nope}"},
      {{.url = url, .headers = {{"X-A", "a\nb"}}}, "http.headers[X-A]", "line break"},
      {{.url = url, .headers = {{"", "a"}}}, "http.headers[]", "name"},
      {{.url = url, .body = "{\"a\": \"{secret:X}\"}"}, "http.body", "{secret:X}"},
      {{.url = url, .body = "{\"a\": {text}"}, "http.body", "JSON"},
      {{.url = url, .secrets = {{"K", ""}}}, "http.secrets[K]", "empty"},
      {{.url = url, .secrets = {{"K", "a\nb"}}}, "http.secrets[K]", "line break"},
      {{.url = url, .message_id_pointer = "id"}, "http.message_id_pointer", "pointer"},
      {{.url = url, .message_id_pointer = "/a~2"}, "http.message_id_pointer", "pointer"},
      {{.url = url, .timeout = absl::ZeroDuration()}, "http.timeout", "more than 0"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(
        MakeHttpProvider("api", c.options, *http_),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 AllOf(HasSubstr(std::string("providers[api].") + c.field), HasSubstr(c.what))));
  }
}

}  // namespace
}  // namespace campaigner::providers

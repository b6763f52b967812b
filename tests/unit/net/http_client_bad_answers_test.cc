#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "server/base/limits.h"
#include "server/net/http_client.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/net/send_and_wait.h"

// What a bad answer, or none, is taken for.
namespace campaigner::net {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::RefusingPort;
using ::campaigner::testing::ScriptedAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;
using Then = ScriptedAnswer::Then;

struct BadAnswerCase {
  const char* name;
  ScriptedAnswer answer;
  HttpFailure failure;
  int status = 0;
  absl::Duration timeout = absl::Seconds(15);
};

void PrintTo(const BadAnswerCase& c, std::ostream* out) { *out << c.name; }

std::string Bytes(size_t count) { return std::string(count, 'x'); }

const size_t kBodyMax = base::limits::kResponseBodyBytesMax;
const absl::Duration kShort = absl::Milliseconds(200);

class BadAnswerTest : public ::testing::TestWithParam<BadAnswerCase> {};

TEST_P(BadAnswerTest, IsClassified) {
  const BadAnswerCase& c = GetParam();
  ScriptedServer server([&](const ScriptedRequest&) { return c.answer; });
  const auto client = MakeHttpClient({});
  for (const char* method : {"POST", "GET"}) {
    const HttpResult result =
        SendAndWait(*client, {.method = method, .url = server.Url(), .timeout = c.timeout});
    EXPECT_EQ(FailureName(result.failure), FailureName(c.failure)) << result.error;
    EXPECT_EQ(result.response.status, c.status);
    EXPECT_EQ(result.error.empty(), c.failure == HttpFailure::kNone);
  }
  EXPECT_EQ(server.requests().size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, BadAnswerTest,
    ::testing::Values(
        BadAnswerCase{"Hangs", {"", Then::kHang}, HttpFailure::kNoAnswer, 0, kShort},
        BadAnswerCase{"Closes", {"", Then::kClose}, HttpFailure::kNoAnswer},
        BadAnswerCase{"Resets", {"", Then::kReset}, HttpFailure::kNoAnswer},
        BadAnswerCase{
            "Garbage", {"\x16\x03\x01 nonsense\r\n\r\n", Then::kClose}, HttpFailure::kNoAnswer},
        BadAnswerCase{"HeadersDrip",
                      {"HTTP/1.1 200 OK\r\n" + Bytes(5000), Then::kKeep, true},
                      HttpFailure::kNoAnswer,
                      0,
                      kShort},
        BadAnswerCase{
            "BodyDrips",
            {"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + Bytes(9000), Then::kKeep, true},
            HttpFailure::kNoAnswer,
            0,
            kShort},
        BadAnswerCase{"BodyBreaksOff",
                      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Then::kClose},
                      HttpFailure::kNoAnswer},
        BadAnswerCase{"BodyAtTheCap", HttpAnswer(200, Bytes(kBodyMax)), HttpFailure::kNone, 200},
        BadAnswerCase{"BodyBeyondTheCap", HttpAnswer(503, Bytes(kBodyMax + 1)),
                      HttpFailure::kTooLarge, 503},
        BadAnswerCase{"BodyWithoutEnd",
                      {"HTTP/1.1 200 OK\r\n\r\n" + Bytes(4 * kBodyMax), Then::kHang},
                      HttpFailure::kTooLarge,
                      200},
        BadAnswerCase{"HeadersBeyondTheCap",
                      HttpAnswer(200, "", {{"A", Bytes(9000)}, {"B", Bytes(9000)}}),
                      HttpFailure::kTooLarge, 200},
        BadAnswerCase{"Redirects", HttpAnswer(302, "", {{"Location", "/elsewhere"}}),
                      HttpFailure::kNone, 302},
        BadAnswerCase{"Empty", HttpAnswer(200), HttpFailure::kNone, 200}),
    [](const auto& case_info) { return std::string(case_info.param.name); });

TEST(HttpClientFailureTest, RefusedConnectionSendsNothing) {
  const RefusingPort nobody;
  const auto client = MakeHttpClient({});
  const HttpResult result = SendAndWait(*client, {.url = nobody.Url()});
  EXPECT_EQ(result.failure, HttpFailure::kNotConnected);
  EXPECT_NE(result.error, "");
}

TEST(HttpClientFailureTest, UnknownNameSendsNothing) {
  const auto client = MakeHttpClient({});
  const HttpResult result = SendAndWait(*client, {.url = "http://no-such-host.invalid/"});
  EXPECT_EQ(result.failure, HttpFailure::kNotConnected);
}

TEST(HttpClientFailureTest, FailedHandshakeSendsNothing) {
  // Plain text where TLS is expected.
  ScriptedServer server([](const ScriptedRequest&) { return HttpAnswer(200); });
  const auto client = MakeHttpClient({});
  const std::string url = "https" + server.Url().substr(4);
  const HttpResult result = SendAndWait(*client, {.url = url, .timeout = kShort});
  EXPECT_EQ(result.failure, HttpFailure::kNotConnected) << result.error;
}

// libcurl would send it again on a new connection.
TEST(HttpClientFailureTest, NeverSendsTwiceWhenAReusedConnectionBreaks) {
  for (const char* method : {"POST", "GET"}) {
    ScriptedServer server([](const ScriptedRequest& request) {
      return request.target == "/break" ? ScriptedAnswer{"", Then::kReset} : HttpAnswer(200);
    });
    const auto client = MakeHttpClient({});
    const auto send = [&](const char* target) {
      return SendAndWait(*client, {.method = method, .url = server.Url(target), .body = ""});
    };
    EXPECT_EQ(send("/warm").response.status, 200);
    EXPECT_EQ(send("/break").failure, HttpFailure::kNoAnswer);
    EXPECT_EQ(send("/after").response.status, 200);
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[1].connection, 1) << "the connection was not reused: nothing is tested";
    EXPECT_EQ(requests[2].target, "/after");
  }
}

TEST(HttpClientFailureTest, ReadsRetryAfter) {
  const absl::Time in_an_hour = absl::Now() + absl::Hours(1);
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", in_an_hour, absl::UTCTimeZone());
  struct Case {
    std::string value;
    absl::Duration least, most;
  };
  for (const Case& c : {Case{"120", absl::Seconds(120), absl::Seconds(120)},
                        Case{date, absl::Minutes(50), absl::Minutes(61)}}) {
    ScriptedServer server([&](const ScriptedRequest&) {
      return HttpAnswer(429, "slow down", {{"Retry-After", c.value}});
    });
    const auto client = MakeHttpClient({});
    const HttpResult result = SendAndWait(*client, {.url = server.Url()});
    EXPECT_EQ(result.response.status, 429);
    ASSERT_TRUE(result.response.retry_after.has_value()) << c.value;
    EXPECT_GE(*result.response.retry_after, c.least);
    EXPECT_LE(*result.response.retry_after, c.most);
  }
  for (const char* nonsense : {"", "-5", "soon", "999999999", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    ScriptedServer server([&](const ScriptedRequest&) {
      return HttpAnswer(429, "", {{"Retry-After", nonsense}});
    });
    const auto client = MakeHttpClient({});
    const HttpResult result = SendAndWait(*client, {.url = server.Url()});
    EXPECT_EQ(result.response.retry_after, std::nullopt) << nonsense;
  }
}

}  // namespace
}  // namespace campaigner::net

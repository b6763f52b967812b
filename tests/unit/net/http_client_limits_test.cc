#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/http_client.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/net/send_and_wait.h"

// Nobody waits for somebody else, and nothing grows without bounds.
namespace campaigner::net {
namespace {

using ::campaigner::testing::HttpAnswer;
using ::campaigner::testing::ScriptedAnswer;
using ::campaigner::testing::ScriptedRequest;
using ::campaigner::testing::ScriptedServer;

ScriptedAnswer AnswerOk(const ScriptedRequest&) { return HttpAnswer(200); }
ScriptedAnswer Hang(const ScriptedRequest&) { return {"", ScriptedAnswer::Then::kHang}; }

const absl::Duration kForLong = absl::Seconds(60);

TEST(HttpClientLimitsTest, RefusesMoreThanRequestsMax) {
  ScriptedServer server(Hang);
  const auto client = MakeHttpClient({.requests_max = 2});
  auto first = SendForLater(*client, {.url = server.Url(), .timeout = kForLong});
  auto second = SendForLater(*client, {.url = server.Url(), .timeout = kForLong});
  const HttpResult third = SendAndWait(*client, {.url = server.Url()});
  EXPECT_EQ(third.failure, HttpFailure::kOverloaded);
  EXPECT_NE(third.error, "");
  EXPECT_TRUE(server.WaitForRequests(2));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(HttpClientLimitsTest, MakesRoomAgain) {
  ScriptedServer server(AnswerOk);
  const auto client = MakeHttpClient({.requests_max = 1});
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(SendAndWait(*client, {.url = server.Url()}).response.status, 200);
  }
}

TEST(HttpClientLimitsTest, OneThatNeverAnswersDoesNotHoldUpAnother) {
  ScriptedServer silent(Hang);
  ScriptedServer quick(AnswerOk);
  const auto client = MakeHttpClient({.connections_max = 3, .connections_per_host_max = 2});
  std::vector<std::future<HttpResult>> stuck;
  for (int i = 0; i < 50; ++i) {
    stuck.push_back(SendForLater(*client, {.url = silent.Url(), .timeout = kForLong}));
  }
  ASSERT_TRUE(silent.WaitForRequests(2));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(SendAndWait(*client, {.url = quick.Url()}).response.status, 200);
  }
  EXPECT_EQ(silent.requests().size(), 2u) << "more than allowed to one host";
}

TEST(HttpClientLimitsTest, WaitingCountsTowardsTheTimeout) {
  ScriptedServer server(Hang);
  const auto client = MakeHttpClient({.connections_per_host_max = 1});
  auto stuck = SendForLater(*client, {.url = server.Url(), .timeout = kForLong});
  ASSERT_TRUE(server.WaitForRequests(1));
  const HttpResult waited =
      SendAndWait(*client, {.url = server.Url(), .timeout = absl::Milliseconds(100)});
  EXPECT_EQ(waited.failure, HttpFailure::kNotConnected);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(HttpClientLimitsTest, StopEndsEverything) {
  ScriptedServer server(Hang);
  const auto client = MakeHttpClient({.connections_per_host_max = 1});
  auto sent = SendForLater(*client, {.url = server.Url(), .timeout = kForLong});
  ASSERT_TRUE(server.WaitForRequests(1));
  auto waiting = SendForLater(*client, {.url = server.Url(), .timeout = kForLong});
  client->Stop();
  EXPECT_EQ(sent.get().failure, HttpFailure::kNoAnswer);
  EXPECT_EQ(waiting.get().failure, HttpFailure::kNotConnected);
  EXPECT_EQ(SendAndWait(*client, {.url = server.Url()}).failure, HttpFailure::kOverloaded);
  client->Stop();
}

TEST(HttpClientLimitsTest, ZeroTimeoutIsNotForEver) {
  ScriptedServer server(Hang);
  const auto client = MakeHttpClient({});
  const HttpResult result =
      SendAndWait(*client, {.url = server.Url(), .timeout = absl::ZeroDuration()});
  EXPECT_NE(result.failure, HttpFailure::kNone);
}

}  // namespace
}  // namespace campaigner::net

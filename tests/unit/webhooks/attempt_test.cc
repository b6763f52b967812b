#include "server/webhooks/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace campaigner::webhooks {
namespace {

using domain::WebhookState;
using net::HttpFailure;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

storage::ClaimedWebhook Delivery(int32_t tries_made = 0) {
  return {.id = 17,
          .account_id = 1,
          .endpoint_id = 2,
          .url = "https://example.com/hook",
          .payload = R"({"id": 1, "status": "delivered"})",
          .attempt_count = tries_made,
          .create_time = kNow};
}

net::HttpResult Answer(int status, std::string body = "") {
  net::HttpResult result;
  result.response.status = status;
  result.response.body = std::move(body);
  return result;
}

net::HttpResult Failure(HttpFailure failure, std::string error) {
  net::HttpResult result;
  result.failure = failure;
  result.error = std::move(error);
  return result;
}

TEST(AttemptTest, RequestIsSignedAndNamed) {
  domain::WebhookSecrets secrets;
  secrets.current = std::string(32, 's');
  const auto request = MakeRequest(Delivery(), secrets, absl::Seconds(15), kNow);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://example.com/hook");
  EXPECT_EQ(request.body, Delivery().payload);
  EXPECT_EQ(request.timeout, absl::Seconds(15));
  EXPECT_EQ(request.purpose, "webhook:17");
  EXPECT_THAT(request.headers, Contains(Pair("accept", "application/json")));
  EXPECT_THAT(request.headers, Contains(Pair("content-type", "application/json")));
  EXPECT_THAT(request.headers, Contains(Pair("webhook-id", "whd_17")));
  EXPECT_THAT(request.headers, Contains(Pair("webhook-timestamp", "1767225600")));
  // By Python's hmac over "whd_17.1767225600." and the body.
  EXPECT_THAT(request.headers, Contains(Pair("webhook-signature",
                                             "v1,gmBC0DKsTBsBf/XA/cCrbsqwc2cezJyOo62BlPFfnGg=")));
}

TEST(AttemptTest, EverySuccessStatusIsDelivered) {
  for (const int status : {200, 201, 202, 204, 299}) {
    const auto outcome = DecideOutcome(Delivery(), Answer(status, "thanks"), 0.5, kNow);
    EXPECT_EQ(outcome.state, WebhookState::kDelivered);
    EXPECT_EQ(outcome.http_status, status);
    EXPECT_EQ(outcome.error, "");
  }
  net::HttpResult huge = Answer(200);
  huge.failure = HttpFailure::kTooLarge;
  EXPECT_EQ(DecideOutcome(Delivery(), huge, 0.5, kNow).state, WebhookState::kDelivered);
}

TEST(AttemptTest, EverythingElseIsTriedAgain) {
  const net::HttpResult results[] = {Answer(199),
                                     Answer(301),
                                     Answer(404),
                                     Answer(410),
                                     Answer(429),
                                     Answer(500),
                                     Failure(HttpFailure::kNotConnected, "refused"),
                                     Failure(HttpFailure::kNoAnswer, "timeout"),
                                     Failure(HttpFailure::kTooLarge, "too large")};
  for (const net::HttpResult& result : results) {
    const auto outcome = DecideOutcome(Delivery(), result, 0.5, kNow);
    EXPECT_EQ(outcome.id, 17);
    EXPECT_EQ(outcome.state, WebhookState::kPending) << result.response.status << result.error;
    EXPECT_EQ(outcome.next_attempt_time, kNow + absl::Seconds(5));
  }
}

TEST(AttemptTest, DelaysGrowUntilTriesAreUsedUp) {
  std::vector<absl::Duration> delays;
  for (int tries = 0;; ++tries) {
    const auto outcome = DecideOutcome(Delivery(tries), Answer(500), 0.5, kNow);
    if (outcome.state == WebhookState::kFailed) break;
    delays.push_back(*outcome.next_attempt_time - kNow);
  }
  EXPECT_THAT(delays,
              ElementsAre(absl::Seconds(5), absl::Seconds(30), absl::Minutes(2), absl::Minutes(10),
                          absl::Hours(1), absl::Hours(6), absl::Hours(24)));
}

TEST(AttemptTest, WhatMayNotBeCalledFailsAtOnce) {
  for (const HttpFailure failure : {HttpFailure::kForbiddenAddress, HttpFailure::kInvalidRequest}) {
    const auto outcome =
        DecideOutcome(Delivery(), Failure(failure, "10.0.0.1 is private"), 0, kNow);
    EXPECT_EQ(outcome.state, WebhookState::kFailed);
    EXPECT_EQ(outcome.error, "10.0.0.1 is private");
  }
}

TEST(AttemptTest, RetryAfterCountsWithinBounds) {
  struct Case {
    int tries_made;
    absl::Duration asked;
    absl::Duration delay;
  };
  const Case cases[] = {
      {0, absl::Seconds(1), absl::Seconds(5)}, {0, absl::Seconds(20), absl::Seconds(20)},
      {0, absl::Hours(20), absl::Minutes(1)},  {3, absl::Minutes(15), absl::Minutes(15)},
      {3, absl::Hours(20), absl::Minutes(20)}, {3, absl::ZeroDuration(), absl::Minutes(10)},
  };
  for (const Case& c : cases) {
    net::HttpResult result = Answer(429);
    result.response.retry_after = c.asked;
    const auto outcome = DecideOutcome(Delivery(c.tries_made), result, 0.5, kNow);
    EXPECT_EQ(*outcome.next_attempt_time - kNow, c.delay) << c.tries_made << " " << c.asked;
  }
}

TEST(AttemptTest, ErrorsAreShortAndPrintable) {
  const auto outcome =
      DecideOutcome(Delivery(), Answer(500, "bad\r\n\x01\xff" + std::string(1000, 'x')), 0, kNow);
  EXPECT_LE(outcome.error.size(), 256u);
  EXPECT_EQ(outcome.error.substr(0, 9), "bad   \xef\xbf\xbd");
}

TEST(AttemptTest, ReceiversAreJudgedByTheirAnswers) {
  EXPECT_EQ(JudgeReceiver(Answer(200)), ReceiverHealth::kAnswers);
  EXPECT_EQ(JudgeReceiver(Answer(404)), ReceiverHealth::kAnswers);
  EXPECT_EQ(JudgeReceiver(Answer(429)), ReceiverHealth::kFails);
  EXPECT_EQ(JudgeReceiver(Answer(503)), ReceiverHealth::kFails);
  EXPECT_EQ(JudgeReceiver(Failure(HttpFailure::kNotConnected, "")), ReceiverHealth::kDead);
  EXPECT_EQ(JudgeReceiver(Failure(HttpFailure::kNoAnswer, "")), ReceiverHealth::kDead);
  EXPECT_EQ(JudgeReceiver(Failure(HttpFailure::kOverloaded, "")), ReceiverHealth::kNotAsked);
  EXPECT_EQ(JudgeReceiver(Failure(HttpFailure::kForbiddenAddress, "")), ReceiverHealth::kNotAsked);
}

}  // namespace
}  // namespace campaigner::webhooks

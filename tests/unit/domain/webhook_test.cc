#include "server/domain/webhook.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "server/domain/json_number.h"

namespace campaigner::domain {
namespace {

using enum MessageState;

std::string IdJson(const std::string& id, bool is_number) {
  const std::string payload = O3goWebhookPayload(id, is_number, kDelivered);
  const std::string head = R"({"id": )";
  const std::string tail = R"(, "status": "delivered"})";
  EXPECT_TRUE(nlohmann::json::accept(payload)) << payload;
  EXPECT_EQ(payload.substr(0, head.size()), head);
  EXPECT_EQ(payload.substr(payload.size() - tail.size()), tail);
  return payload.substr(head.size(), payload.size() - head.size() - tail.size());
}

TEST(O3goWebhookTest, IsTheDocumentedBody) {
  EXPECT_EQ(O3goWebhookPayload("123", true, kDelivered), R"({"id": 123, "status": "delivered"})");
  EXPECT_EQ(O3goWebhookPayload("123", false, kUndelivered),
            R"({"id": "123", "status": "undelivered"})");
}

TEST(O3goWebhookTest, NumbersGoBackDigitForDigit) {
  const std::string big(120, '9');
  for (const std::string& number :
       {std::string("0"), std::string("-1"), std::string("18446744073709551616"), big, "-" + big,
        std::string("1.10"), std::string("1e5"), std::string("1E+05"), std::string("-0"),
        std::string("0.30000000000000004")}) {
    EXPECT_EQ(IdJson(number, true), number);
    EXPECT_EQ(IdJson(number, false), '"' + number + '"');
  }
  // A number by the grammar, though no double holds it.
  EXPECT_EQ(O3goWebhookPayload("1e999", true, kRead), R"({"id": 1e999, "status": "delivered"})");
}

TEST(O3goWebhookTest, WhatIsNoNumberIsAString) {
  for (const char* text : {"", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "1 ", " 1", "0x1",
                           "NaN", "Infinity", "1,2", "1}", "null", "true", "1\n"}) {
    EXPECT_EQ(nlohmann::json::parse(IdJson(text, true)), text) << text;
  }
}

TEST(O3goWebhookTest, StringsAreEscaped) {
  for (const std::string id :
       {"order-7", "a\"b", "\\", "}, \"status\": \"delivered\"", "new\nline", "заказ 😀"}) {
    EXPECT_EQ(nlohmann::json::parse(IdJson(id, false)), id);
  }
  EXPECT_EQ(IdJson("bad \xFF id", false), "\"bad \uFFFD id\"");
}

TEST(O3goWebhookTest, StatusIsWhetherItWasDelivered) {
  for (int state = 1; state < kMessageStateCount; ++state) {
    const auto to = static_cast<MessageState>(state);
    const bool is_delivered = to == kDelivered || to == kRead || to == kClicked;
    EXPECT_EQ(O3goWebhookPayload("1", true, to), is_delivered
                                                     ? R"({"id": 1, "status": "delivered"})"
                                                     : R"({"id": 1, "status": "undelivered"})")
        << StateName(to);
  }
}

TEST(O3goWebhookTest, IsOwedOnceForTheFirstFinalState) {
  for (int i = 1; i < kMessageStateCount; ++i) {
    for (int j = 1; j < kMessageStateCount; ++j) {
      const auto from = static_cast<MessageState>(i);
      const auto to = static_cast<MessageState>(j);
      EXPECT_EQ(OwesO3goWebhook(from, to, "7"), !IsFinal(from) && IsFinal(to))
          << StateName(from) << " to " << StateName(to);
      EXPECT_FALSE(OwesO3goWebhook(from, to, ""));
    }
  }
}

TEST(EventWebhookTest, IsAStandardWebhooksEvent) {
  const std::string payload =
      EventWebhookPayload({.message_id = 12,
                           .campaign_id = 3,
                           .external_id = "a\"b",
                           .recipient = "79201234567",
                           .state = kUndelivered,
                           .reason = StateReason::kFailed,
                           .segments = 2,
                           .attempt_count = 3,
                           .time = absl::FromUnixMillis(1'700'000'000'123)});
  const nlohmann::json json = nlohmann::json::parse(payload);
  EXPECT_EQ(json, nlohmann::json::parse(R"({
    "type": "message.undelivered", "timestamp": "2023-11-14T22:13:20.123000Z",
    "data": {"message_id": 12, "campaign_id": 3, "external_id": "a\"b", "recipient": "79201234567",
             "status": "UNDELIVERED", "reason": "FAILED", "segments": 2, "attempt_count": 3}})"));
  MessageEvent event;
  event.state = kPartiallyDelivered;
  const nlohmann::json plain = nlohmann::json::parse(EventWebhookPayload(event));
  EXPECT_EQ(plain["type"], "message.partially_delivered");
  EXPECT_EQ(plain["data"]["reason"], "");
}

TEST(EventWebhookTest, IsOwedForEveryStatusFromSentOn) {
  EXPECT_FALSE(OwesEventWebhook(kAccepted, kSending));
  EXPECT_FALSE(OwesEventWebhook(kSending, kAccepted));
  EXPECT_FALSE(OwesEventWebhook(kSent, kSent));
  EXPECT_TRUE(OwesEventWebhook(kSending, kSent));
  EXPECT_TRUE(OwesEventWebhook(kAccepted, kCancelled));
  EXPECT_TRUE(OwesEventWebhook(kDelivered, kRead));
}

TEST(JsonNumberTest, Table) {
  for (const char* good : {"0", "-0", "7", "123", "-5", "1.5", "0.25", "1e3", "1E+3", "2.5e-10",
                           "99999999999999999999"}) {
    EXPECT_TRUE(IsJsonNumber(good)) << good;
  }
  for (const char* bad : {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "NaN", "1 ", " 1",
                          "1,2", "1}", "\"1\""}) {
    EXPECT_FALSE(IsJsonNumber(bad)) << bad;
  }
}

}  // namespace
}  // namespace campaigner::domain

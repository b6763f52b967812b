#include "server/base/limits.h"
#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SendTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  absl::StatusOr<v1::SendMessagesResponse> Send(const std::string& request) {
    return admin_->Call(&Messages::SendMessages, request);
  }
  static std::string CampaignId(int64_t id) { return fmt::format("campaign_id: {} ", id); }
  int64_t MessageCount(int64_t campaign_id) {
    const auto statistics = admin_->Call(&Campaigns::GetCampaignStatistics,
                                         fmt::format("campaign_id: {}", campaign_id));
    EXPECT_OK(statistics);
    return statistics.ok() ? statistics->messages() : -1;
  }
};

TEST_F(SendTest, AnswersTheTextAsItWillBeSent) {
  const int64_t campaign =
      admin_->StartCampaign("template: 'Dear {field_1}  {x}!' message_attempts: 5");
  ASSERT_OK_AND_ASSIGN(
      const auto sent,
      Send(CampaignId(campaign) + "messages { recipient: '8 (920) 123-45-67'"
                                  "           fields { key: 'field_1' value: '{x} 🎰' } }"
                                  "messages { recipient: '79201234568' text: 'own {field_1}' }"));
  ASSERT_EQ(sent.messages_size(), 2);
  EXPECT_EQ(sent.messages(0).text(), "Dear {x} 🎰  !");
  EXPECT_EQ(sent.messages(0).segments(), 1);
  EXPECT_EQ(sent.messages(0).message_attempts(), 5);
  EXPECT_EQ(sent.messages(1).text(), "own {field_1}");
  EXPECT_EQ(sent.messages(1).id(), sent.messages(0).id() + 1);
  ASSERT_OK_AND_ASSIGN(
      const auto message,
      admin_->Call(&Messages::GetMessage, fmt::format("message_id: {}", sent.messages(0).id())));
  EXPECT_EQ(message.recipient(), "79201234567");
  EXPECT_EQ(message.text(), "Dear {x} 🎰  !");
  EXPECT_EQ(message.fields().at("field_1"), "{x} 🎰");
}

TEST_F(SendTest, NamesEveryFieldThatIsWrongAndStoresNothing) {
  const int64_t campaign = admin_->StartCampaign("");
  const auto sent =
      Send(CampaignId(campaign) +
           "messages { recipient: '79201234567' text: 'good' }"
           "messages { recipient: '12' text: 'x' }"
           "messages { text: 'x' }"
           "messages { recipient: '79201234567' }"
           "messages { recipient: '79201234567' text: 'a\\000b' }"
           "messages { recipient: '79201234567' text: 'x' external_id: '5x'"
           "           external_id_is_number: true }"
           "messages { recipient: '79201234567' text: 'x' fields { key: 'a\\000' value: 'b' } }"
           "messages { recipient: '79201234567' text: 'x' schedule_time { seconds: 99999999999 } }"
           "messages { recipient: '79201234567' text: 'x' external_id: 'same' }"
           "messages { recipient: '79201234567' text: 'x' external_id: 'same' }");
  EXPECT_THAT(sent, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Fields(sent.status()),
              ElementsAre("messages[1].recipient", "messages[2].recipient", "messages[3].text",
                          "messages[4].text", "messages[5].external_id", "messages[6].fields",
                          "messages[7].schedule_time", "messages[9].external_id"));
  EXPECT_EQ(MessageCount(campaign), 0);
}

TEST_F(SendTest, NamesTheFieldOfTheTemplateThatIsWrong) {
  const int64_t campaign = admin_->StartCampaign("template: 'Hi {name}' missing_values: REJECT");
  const std::string text(1001, 'x');
  EXPECT_THAT(
      Fields(Send(CampaignId(campaign) +
                  "messages { recipient: '79201234567' fields { key: 'name' value: '" + text +
                  "' } }"
                  "messages { recipient: '79201234567' fields { key: 'имя' value: 'Анна' } }"
                  "messages { recipient: '79201234567' text: 'x' fields { key: 'a b' value: '" +
                  text + "' } }")
                 .status()),
      ElementsAre("messages[0].fields[name]", "messages[1].fields[name]", "messages[2].fields"));
}

TEST_F(SendTest, RefusesTextsThatCannotBeSent) {
  std::string many;
  for (int i = 0; i < 11; ++i) many += "{a}";
  const int64_t campaign = admin_->StartCampaign("template: '" + many + "'");
  const auto one = [&](const std::string& content) {
    return CampaignId(campaign) + "messages { recipient: '79201234567' " + content + " }";
  };
  const auto value = [](size_t length) {
    return "fields { key: 'a' value: '" + std::string(length, 'x') + "' }";
  };
  EXPECT_THAT(Fields(Send(one(value(1000))).status()), ElementsAre("messages[0].text"));
  EXPECT_THAT(Fields(Send(one("")).status()), ElementsAre("messages[0].text"));
  EXPECT_THAT(Fields(Send(one("text: ''")).status()), ElementsAre("messages[0].text"));
  EXPECT_OK(Send(one(value(909))));
  EXPECT_EQ(MessageCount(campaign), 1);
}

TEST_F(SendTest, WritesToEmailAddresses) {
  server_.reset();
  Start(std::string(kQuickConfig) +
        "routes { name: 'sms' channel: 'sms' provider: 'sim' }"
        "routes { name: 'mail' channel: 'email' provider: 'sim' }");
  const int64_t mail = admin_->StartCampaign("template: 'Hi' channel: 'email'");
  ASSERT_OK(Send(CampaignId(mail) + "messages { recipient: ' Anna@Example.com ' }"));
  EXPECT_THAT(Fields(Send(CampaignId(mail) + "messages { recipient: '79201234567' }").status()),
              ElementsAre("messages[0].recipient"));
  const int64_t sms = admin_->StartCampaign("template: 'Hi'");
  EXPECT_THAT(Fields(Send(CampaignId(sms) + "messages { recipient: 'a@example.com' }").status()),
              ElementsAre("messages[0].recipient"));
  for (const std::string& filter : {CampaignId(mail), std::string()}) {
    ASSERT_OK_AND_ASSIGN(const auto found, admin_->Call(&Messages::ListMessages,
                                                        filter + "recipient: 'ANNA@example.com'"));
    ASSERT_EQ(found.messages_size(), 1);
    EXPECT_EQ(found.messages(0).recipient(), "anna@example.com");
  }
}

TEST_F(SendTest, ARepeatCostsNothingOfTheKeysRate) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const ServerClient slow = NewClient("scope: SEND messages_per_second_max: 1");
  const std::string again = fmt::format(
      "request_id: 'a' campaign_id: {} messages {{ recipient: '79201234567' }}", campaign);
  ASSERT_OK(slow.Call(&Messages::SendMessages, again));
  // The second's worth comes back once; what the repeats took was given back.
  absl::Status repeat = absl::UnknownError("");
  while (!repeat.ok()) repeat = slow.Call(&Messages::SendMessages, again).status();
  for (int i = 0; i < 5; ++i) EXPECT_OK(slow.Call(&Messages::SendMessages, again));
}

TEST_F(SendTest, TakesTenThousandAndNotOneMore) {
  const int64_t campaign = admin_->StartCampaign();
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 10'000; ++i) {
    request.add_messages()->set_recipient(fmt::format("7920{:07}", i));
  }
  ASSERT_OK_AND_ASSIGN(const auto sent, admin_->Call(&Messages::SendMessages, request));
  EXPECT_EQ(sent.messages_size(), 10'000);
  EXPECT_EQ(MessageCount(campaign), 10'000);
  request.add_messages()->set_recipient("79200000000");
  EXPECT_THAT(Fields(admin_->Call(&Messages::SendMessages, request).status()),
              ElementsAre("messages"));
}

TEST_F(SendTest, TenThousandErrorsArriveIntact) {
  const int64_t campaign = admin_->StartCampaign();
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 10'000; ++i) request.add_messages()->set_recipient("nonsense");
  const auto sent = admin_->Call(&Messages::SendMessages, request);
  EXPECT_THAT(sent,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("messages[0].recipient")));
  EXPECT_EQ(base::GetErrorDetail(sent.status()).metadata.at("count"), "10000");
  EXPECT_EQ(Fields(sent.status()).size(), base::limits::kFieldViolationsMax);
}

TEST_F(SendTest, ARepeatAnswersWhatTheFirstAnswered) {
  const int64_t campaign = admin_->StartCampaign();
  const std::string request = fmt::format(
      "request_id: 'order-1' campaign_id: {} messages {{ recipient: '79201234567' fields {{ key: "
      "'field_1' value: 'A' }} fields {{ key: 'b' value: 'B' }} }}",
      campaign);
  ASSERT_OK_AND_ASSIGN(const auto first, Send(request));
  ASSERT_OK_AND_ASSIGN(const auto repeat, Send(request));
  EXPECT_EQ(first.DebugString(), repeat.DebugString());
  EXPECT_EQ(MessageCount(campaign), 1);
  EXPECT_THAT(Send(request + " messages { recipient: '79201234568' text: 'x' }").status(),
              HasReason("REQUEST_ID_REUSED"));

  // Also after the campaign has ended, and after a restart.
  ASSERT_OK(admin_->Call(&Campaigns::CancelCampaign, fmt::format("campaign_id: {}", campaign)));
  Restart();
  ASSERT_OK_AND_ASSIGN(const auto late, Send(request));
  EXPECT_EQ(first.DebugString(), late.DebugString());
}

TEST_F(SendTest, RefusesCampaignsThatAreClosedForeignOrUnknown) {
  const int64_t campaign = admin_->StartCampaign("template: 'x' api_key_ids: 1");
  EXPECT_THAT(
      NewClient("scope: SEND")
          .Call(&Messages::SendMessages, fmt::format("campaign_id: {} messages {{ recipient: "
                                                     "'79201234567' }}",
                                                     campaign))
          .status(),
      HasReason("CAMPAIGN_KEY_DENIED"));
  const ServerClient stranger = NewClient("scope: ADMIN", NewAccount());
  const auto send = [](const ServerClient& client, int64_t id) {
    return client.Call(&Messages::SendMessages,
                       fmt::format("campaign_id: {} messages {{ recipient: '79201234567' }}", id));
  };
  EXPECT_THAT(send(stranger, campaign).status(), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(send(*admin_, 999).status(), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(Fields(send(*admin_, 0).status()), ElementsAre("messages[0].campaign_id"));
  EXPECT_THAT(Fields(send(*admin_, -5).status()), ElementsAre("messages[0].campaign_id"));
  ASSERT_OK(admin_->Call(&Campaigns::CancelCampaign, fmt::format("campaign_id: {}", campaign)));
  EXPECT_THAT(send(*admin_, campaign).status(), HasReason("CAMPAIGN_CLOSED"));
}

TEST_F(SendTest, HoldsAKeyToItsRate) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const ServerClient slow = NewClient("scope: SEND messages_per_second_max: 2");
  const std::string two = fmt::format(
      "campaign_id: {} messages {{ recipient: '79201234567' }} messages {{ recipient: "
      "'79201234567' }}",
      campaign);
  // A second's worth each: by the third, time or no time, one has met the limit.
  absl::Status last = absl::OkStatus();
  for (int i = 0; i < 3 && last.ok(); ++i) last = slow.Call(&Messages::SendMessages, two).status();
  EXPECT_THAT(last, HasReason("RATE_EXCEEDED"));
  EXPECT_GT(base::GetErrorDetail(last).retry_after, absl::ZeroDuration());
}

TEST_F(SendTest, RefusesWhatWouldAnswerTooMuch) {
  const int64_t campaign = admin_->StartCampaign("template: '" + std::string(10'000, 'x') + "'");
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 2'000; ++i) request.add_messages()->set_recipient("79201234567");
  EXPECT_THAT(Fields(admin_->Call(&Messages::SendMessages, request).status()),
              ElementsAre("messages"));
  EXPECT_EQ(MessageCount(campaign), 0);
}

}  // namespace
}  // namespace campaigner::e2e

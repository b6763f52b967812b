#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/e2e/server_test_base.h"
#include "tests/support/webhook_receiver.h"

namespace campaigner::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using testing::WebhookReceiver;

class DeliveryTest : public ServerTest {
 protected:
  v1::Message GetMessage(int64_t id) {
    const auto message = admin_->Call(&Messages::GetMessage, fmt::format("message_id: {}", id));
    EXPECT_OK(message);
    return message.ok() ? *message : v1::Message();
  }
  absl::Status Apply(auto verb, int64_t campaign) {
    return admin_->Call(verb, fmt::format("campaign_id: {}", campaign)).status();
  }
};

TEST_F(DeliveryTest, FromTheSendToTheWebhook) {
  WebhookReceiver receiver;
  Start();
  const int64_t campaign = admin_->StartCampaign("webhook_url: '" + receiver.Url("/hook") +
                                                 "' template: 'Hi {field_1}'");
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  admin_->SendOne(campaign, "external_id: '7' external_id_is_number: true");
  admin_->SendOne(campaign, "external_id: 'order-8'");
  const int64_t silent = admin_->SendOne(campaign);  // Without an id: nobody is told.
  watch.Take(3);
  ASSERT_TRUE(receiver.WaitFor("/hook", 2));
  std::set<std::string> bodies;
  for (const auto& webhook : receiver.Received("/hook")) bodies.insert(webhook.body);
  EXPECT_THAT(bodies, UnorderedElementsAre(R"({"id": 7, "status": "delivered"})",
                                           R"({"id": "order-8", "status": "delivered"})"));

  const v1::Message message = GetMessage(silent);
  EXPECT_EQ(message.state(), v1::Message::DELIVERED);
  ASSERT_EQ(message.attempts_size(), 1);
  EXPECT_EQ(message.attempts(0).route(), "sim");
  EXPECT_EQ(message.attempts(0).outcome(), v1::Attempt::ACCEPTED);
  ASSERT_OK_AND_ASSIGN(
      const auto statistics,
      admin_->Call(&Campaigns::GetCampaignStatistics, fmt::format("campaign_id: {}", campaign)));
  EXPECT_EQ(statistics.delivered_messages(), 3);
  EXPECT_EQ(statistics.pending_messages(), 0);
}

TEST_F(DeliveryTest, TellsOfFailureToo) {
  WebhookReceiver receiver;
  Start(
      "providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } undelivered_percent: "
      "100 } }"
      "webhooks { allowed_networks: '127.0.0.0/8' }");
  const int64_t campaign =
      admin_->StartCampaign("webhook_url: '" + receiver.Url("/hook") + "' template: 'x'");
  admin_->SendOne(campaign, "external_id: 'a'");
  ASSERT_TRUE(receiver.WaitFor("/hook", 1));
  EXPECT_EQ(receiver.Received("/hook")[0].body, R"({"id": "a", "status": "undelivered"})");
}

// Twenty messages are forty exchanges, of more than a hundred bytes each.
TEST_F(DeliveryTest, ExchangesAreLoggedWithoutPersonalData) {
  WebhookReceiver world;
  const std::string config = fmt::format(
      "providers {{ name: 'world' http {{ url: '{}' method: GET }} }}"
      "webhooks {{ allowed_networks: '127.0.0.0/8' }}",
      world.Url("/send?to={recipient}&text={text}"));
  Start(config + "exchange_log { file: 'x.log' file_bytes_max: 4096 old_files_max: 1 }");
  const int64_t campaign =
      admin_->StartCampaign("webhook_url: '" + world.Url("/hook") + "' template: 'Dear'");
  for (int i = 0; i < 20; ++i) admin_->SendOne(campaign, fmt::format("external_id: '{}'", i));
  ASSERT_TRUE(world.WaitFor("/hook", 20));
  server_->Stop();
  std::string lines;
  for (const char* name : {"data/x.log", "data/x.1.log"}) {
    std::ifstream file(dir_.File(name));
    ASSERT_TRUE(file) << name;
    lines.append(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_FALSE(std::filesystem::exists(dir_.File("data/x.2.log")));
  EXPECT_THAT(
      lines, AllOf(HasSubstr("purpose=\"provider:world\" method=\"GET\""),
                   HasSubstr("/send?to=***&text=***\" status=200"), HasSubstr("purpose=\"webhook:"),
                   Not(HasSubstr("79201234567")), Not(HasSubstr("Dear"))));

  const auto bad = Server::Start({.listen = "127.0.0.1:0",
                                  .data_dir = dir_.File("other"),
                                  .config_text = "exchange_log { file: '/proc/no/such' }",
                                  .metrics_listen = "",
                                  .tls = {}});
  EXPECT_THAT(bad, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("exchange_log.file")));
}

// More than one step of the writer; each fails again at once, and is still replayed once.
TEST_F(DeliveryTest, AllFailedWebhooksAreReplayedInOneCall) {
  constexpr int kMessages = 1'500;
  Start("providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } } }");
  const int64_t campaign =
      admin_->StartCampaign("webhook_url: 'http://localhost:9/hook' template: 'x'");
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < kMessages; ++i) {
    v1::NewMessage* message = request.add_messages();
    message->set_recipient(std::to_string(79'200'000'000 + i));
    message->set_external_id(std::to_string(i));
  }
  ASSERT_OK(admin_->Call(&Messages::SendMessages, request));
  const std::string list = fmt::format("campaign_id: {} states: FAILED page_size: 1000", campaign);
  int failed = 0;
  for (const absl::Time deadline = absl::Now() + absl::Seconds(60);
       failed < kMessages && absl::Now() < deadline;) {
    const auto first = admin_->Call(&Webhooks::ListWebhookDeliveries, list);
    ASSERT_OK(first);
    const auto second =
        admin_->Call(&Webhooks::ListWebhookDeliveries,
                     fmt::format("{} page_token: '{}'", list, first->next_page_token()));
    ASSERT_OK(second);
    failed =
        first->next_page_token().empty() ? 0 : first->deliveries_size() + second->deliveries_size();
  }
  ASSERT_EQ(failed, kMessages);
  const auto replayed = admin_->Call(&Webhooks::ReplayFailedWebhookDeliveries,
                                     fmt::format("campaign_id: {}", campaign));
  ASSERT_OK(replayed);
  EXPECT_EQ(replayed->replayed(), kMessages);
  EXPECT_FALSE(replayed->more());
}

TEST_F(DeliveryTest, NoWebhookGoesToANetworkThatIsNotAllowed) {
  WebhookReceiver receiver;
  Start("providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } } }");
  // A name: an address that is typed is refused at once, what a name stands for only when dialled.
  const int64_t campaign = admin_->StartCampaign(
      fmt::format("webhook_url: 'http://localhost:{}/hook' template: 'x'", receiver.port()));
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  admin_->SendOne(campaign, "external_id: 'a'");
  watch.Take(1);
  v1::ListWebhookDeliveriesResponse list;
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  do {
    const auto found = admin_->Call(&Webhooks::ListWebhookDeliveries,
                                    fmt::format("campaign_id: {} states: FAILED", campaign));
    ASSERT_OK(found);
    list = *found;
  } while (list.deliveries().empty() && absl::Now() < deadline);
  ASSERT_EQ(list.deliveries_size(), 1);
  EXPECT_EQ(receiver.Count("/hook"), 0u);

  // Kept, visible, and replayable by hand, though it will fail again.
  ASSERT_OK_AND_ASSIGN(const auto replayed,
                       admin_->Call(&Webhooks::ReplayWebhookDelivery,
                                    fmt::format("delivery_id: {}", list.deliveries(0).id())));
  EXPECT_EQ(replayed.state(), v1::WebhookDelivery::PENDING);
}

TEST_F(DeliveryTest, WaitsForTheStart) {
  Start();
  ASSERT_OK_AND_ASSIGN(
      const auto campaign,
      admin_->Call(&Campaigns::CreateCampaign, "campaign { display_name: 'later' template: 'x' }"));
  const int64_t waiting = admin_->SendOne(campaign.id());
  const int64_t running = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", running));
  watch.Until(admin_->SendOne(running), v1::Message::DELIVERED);
  EXPECT_EQ(GetMessage(waiting).state(), v1::Message::ACCEPTED);

  Watch started(*admin_, fmt::format("campaign_id: {}", campaign.id()));
  ASSERT_OK(Apply(&Campaigns::StartCampaign, campaign.id()));
  started.Until(waiting, v1::Message::DELIVERED);
}

TEST_F(DeliveryTest, PausesAndGoesOn) {
  Start();
  const int64_t paused = admin_->StartCampaign("template: 'x'");
  ASSERT_OK(Apply(&Campaigns::PauseCampaign, paused));
  const int64_t held = admin_->SendOne(paused);
  const int64_t running = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", running));
  watch.Until(admin_->SendOne(running), v1::Message::DELIVERED);
  EXPECT_EQ(GetMessage(held).state(), v1::Message::ACCEPTED);

  Watch resumed(*admin_, fmt::format("campaign_id: {}", paused));
  ASSERT_OK(Apply(&Campaigns::ResumeCampaign, paused));
  resumed.Until(held, v1::Message::DELIVERED);
}

TEST_F(DeliveryTest, CancelsWhatWaits) {
  Start();
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  ASSERT_OK(Apply(&Campaigns::PauseCampaign, campaign));
  const int64_t one = admin_->SendOne(campaign);
  const int64_t other = admin_->SendOne(campaign);
  ASSERT_OK_AND_ASSIGN(const auto cancelled,
                       admin_->Call(&Messages::CancelMessage, fmt::format("message_id: {}", one)));
  EXPECT_EQ(cancelled.state(), v1::Message::CANCELLED);
  EXPECT_EQ(cancelled.reason(), v1::Message::CANCELLED_BY_CALLER);

  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  ASSERT_OK(Apply(&Campaigns::CancelCampaign, campaign));
  watch.Until(other, v1::Message::CANCELLED);
  EXPECT_THAT(Apply(&Campaigns::StartCampaign, campaign), HasReason("CAMPAIGN_STATE"));
}

TEST_F(DeliveryTest, WhatIsDeliveredIsNotCancelled) {
  Start();
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  const int64_t id = admin_->SendOne(campaign);
  watch.Until(id, v1::Message::DELIVERED);
  EXPECT_THAT(admin_->Call(&Messages::CancelMessage, fmt::format("message_id: {}", id)).status(),
              HasReason("MESSAGE_STATE"));
}

TEST_F(DeliveryTest, AReportNeedsOurReferenceAndCountsOnce) {
  // A provider that is a program: it gets the reference and reports for itself.
  WebhookReceiver provider;
  Start("providers { name: 'p' http { url: '" + provider.Url("/submit") +
        "' body: '{reference}' content_type: 'text/plain' receipts: true } }");
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  const int64_t id = admin_->SendOne(campaign);
  ASSERT_TRUE(provider.WaitFor("/submit", 1));
  const std::string reference = provider.Received("/submit")[0].body;

  const ServerClient anybody(server_->port(), std::multimap<std::string, std::string>());
  const auto report = [&](const std::string& reports) {
    return anybody.Call(&Messages::ReportDelivery, reports);
  };
  const std::string delivered = fmt::format(
      "reports {{ reference: '{}' state: DELIVERED provider_message_id: 'smsc-1' "
      "detail: 'stat:DELIVRD' }}",
      reference);
  const std::string forged = "reports { reference: '1-0000000000000000' state: DELIVERED }";
  EXPECT_THAT(report(forged).status(), HasReason("REFERENCE_INVALID"));
  EXPECT_EQ(
      Fields(
          report(fmt::format("reports {{ reference: '{}' state: ACCEPTED }}", reference)).status()),
      std::vector<std::string>{"reports[0].state"});
  EXPECT_THAT(Fields(report("").status()), std::vector<std::string>{"reports"});
  ASSERT_OK_AND_ASSIGN(const auto first, report(delivered + forged));
  EXPECT_EQ(first.applied(), 1);
  EXPECT_EQ(first.ignored(), 1);
  ASSERT_OK_AND_ASSIGN(const auto again, report(delivered));
  EXPECT_EQ(again.applied(), 0);
  EXPECT_EQ(again.ignored(), 1);
  const v1::Message message = GetMessage(id);
  EXPECT_EQ(message.state(), v1::Message::DELIVERED);
  ASSERT_EQ(message.attempts_size(), 1);
  EXPECT_EQ(message.attempts(0).provider_message_id(), "smsc-1");
  EXPECT_EQ(message.attempts(0).receipt_detail(), "stat:DELIVRD");
}

TEST_F(DeliveryTest, ARestartKeepsEverything) {
  Start();
  ASSERT_OK_AND_ASSIGN(
      const auto campaign,
      admin_->Call(&Campaigns::CreateCampaign, "campaign { display_name: 'kept' template: 'x' }"));
  const int64_t id = admin_->SendOne(campaign.id());
  Restart();
  EXPECT_EQ(server_->admin_key(), "");  // Told once; the old one holds.
  EXPECT_EQ(GetMessage(id).state(), v1::Message::ACCEPTED);
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign.id()));
  ASSERT_OK(Apply(&Campaigns::StartCampaign, campaign.id()));
  watch.Until(id, v1::Message::DELIVERED);
}

}  // namespace
}  // namespace campaigner::e2e

// What becomes of messages and campaigns, as their owner follows it.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "server/webhooks/signing.h"
#include "tests/e2e/server_test_base.h"
#include "tests/support/webhook_receiver.h"

namespace campaigner::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::WebhookReceiver;

constexpr char kPricedConfig[] =
    "currency: 'RUB'"
    "providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } } }"
    "routes { name: 'main' provider: 'sim' price_micros: 2500000 }"
    "webhooks { allowed_networks: '127.0.0.0/8' }";

class LifeTest : public ServerTest {
 protected:
  template <typename Verb>
  auto Ask(Verb verb, int64_t campaign, const std::string& more = "") {
    auto answer = admin_->Call(verb, fmt::format("campaign_id: {} {}", campaign, more));
    EXPECT_OK(answer);
    return *std::move(answer);
  }
  // A campaign with `count` messages that are delivered.
  int64_t DeliverSome(int count, const std::string& settings = "template: 'Hi {field_1}'") {
    const int64_t campaign = admin_->StartCampaign(settings);
    Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
    for (int i = 0; i < count; ++i) admin_->SendOne(campaign);
    watch.Take(count);
    return campaign;
  }
  // The whole file.
  std::string Export(const std::string& request) {
    grpc::ClientContext context;
    admin_->Prepare(context);
    const auto stub = v1::CampaignService::NewStub(admin_->channel());
    const auto reader = stub->ExportMessages(&context, Parse<v1::ExportMessagesRequest>(request));
    std::string file;
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) {
      if (file.empty()) {
        EXPECT_EQ(chunk.content_type(), "text/csv; charset=utf-8");
        EXPECT_THAT(chunk.file_name(), StartsWith("messages-"));
      }
      file += chunk.data();
    }
    export_status_ = testing::FromGrpc(reader->Finish());
    return file;
  }

  absl::Status export_status_;
};

TEST_F(LifeTest, MessagesHaveTheirRoutesPrice) {
  Start(kPricedConfig);
  const int64_t campaign = DeliverSome(3);
  const auto statistics = Ask(&Campaigns::GetCampaignStatistics, campaign);
  EXPECT_EQ(statistics.currency(), "RUB");
  EXPECT_EQ(statistics.cost_micros(), 7'500'000);
  ASSERT_THAT(statistics.states(), SizeIs(1));
  EXPECT_EQ(statistics.states(0).cost_micros(), 7'500'000);
  const auto page = Ask(&Messages::ListMessages, campaign);
  EXPECT_EQ(page.messages(0).cost_micros(), 2'500'000);
}

TEST_F(LifeTest, TheTimeSeriesAddsUpToTheCounters) {
  Start();
  const int64_t campaign = DeliverSome(5);
  for (const char* step : {"MINUTE", "HOUR"}) {
    std::map<std::string, int64_t> messages;
    const auto series =
        Ask(&Campaigns::GetCampaignTimeSeries, campaign, fmt::format("step: {}", step));
    for (const auto& point : series.points()) {
      EXPECT_EQ(point.time().seconds() % (std::string(step) == "HOUR" ? 3600 : 60), 0);
      for (const auto& count : point.counts()) messages[count.state()] += count.messages();
    }
    EXPECT_EQ(messages["ACCEPTED"], 5) << step;
    EXPECT_EQ(messages["SENDING"], 5) << step;
    EXPECT_EQ(messages["DELIVERED"], 5) << step;
    EXPECT_THAT(series.next_page_token(), IsEmpty());
  }
  EXPECT_THAT(Ask(&Campaigns::GetCampaignTimeSeries, campaign,
                  "begin_time { seconds: 1000000000 } end_time { seconds: 1000000060 }")
                  .points(),
              IsEmpty());
  const auto bad = admin_->Call(&Campaigns::GetCampaignTimeSeries,
                                fmt::format("campaign_id: {} begin_time {{ seconds: 120 }} "
                                            "end_time {{ seconds: 60 }} page_size: -1 step: 9",
                                            campaign));
  EXPECT_THAT(Fields(bad.status()), ElementsAre("step", "page_size", "end_time"));
}

TEST_F(LifeTest, ANumberIsFoundInAllCampaigns) {
  Start();
  const int64_t first = DeliverSome(1);
  const int64_t second = DeliverSome(1);
  const auto number = Ask(&Messages::ListMessages, first).messages(0).recipient();
  const std::string find = fmt::format("recipient: '+{}'", number);
  const auto found = admin_->Call(&Messages::ListMessages, find);
  ASSERT_OK(found);
  ASSERT_THAT(found->messages(), SizeIs(2));
  EXPECT_EQ(found->messages(0).campaign_id(), second);
  EXPECT_EQ(found->messages(1).campaign_id(), first);
  const auto paged = admin_->Call(&Messages::ListMessages, find + " page_size: 1");
  ASSERT_OK(paged);
  EXPECT_FALSE(paged->next_page_token().empty());
  const ServerClient stranger = NewClient("scope: SEND", NewAccount());
  const auto none = stranger.Call(&Messages::ListMessages, find);
  ASSERT_OK(none);
  EXPECT_THAT(none->messages(), IsEmpty());
  EXPECT_THAT(Fields(admin_->Call(&Messages::ListMessages, "reasons: FAILED").status()),
              ElementsAre("campaign_id"));
}

TEST_F(LifeTest, AnExportHasARowForEachMessage) {
  Start(kPricedConfig);
  const int64_t campaign = admin_->StartCampaign("template: 'Hi {field_1}'");
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  admin_->SendOne(campaign, "external_id: '=1+1' fields { key: 'field_1' value: 'A, \"B\"' }");
  admin_->SendOne(campaign, "fields { key: 'other' value: '-5' }");
  watch.Take(2);
  const std::string file =
      Export(fmt::format("campaign_id: {} with_text: true with_fields: true", campaign));
  ASSERT_OK(export_status_);
  std::vector<std::string> lines;
  for (size_t at = 0; at < file.size();) {
    const size_t end = file.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    lines.push_back(file.substr(at, end - at));
    at = end + 2;
  }
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0],
            "id,recipient,external_id,state,reason,segments,cost,attempts,create_time,send_time,"
            "final_time,route,provider_message_id,provider_detail,text,field_1,other,other_fields");
  EXPECT_THAT(lines[1], HasSubstr(",\"'=1+1\",DELIVERED,,1,2.500000,1,"));
  EXPECT_THAT(lines[1], HasSubstr(",main,"));
  EXPECT_THAT(lines[1], HasSubstr(",\"Hi A, \"\"B\"\"\",\"A, \"\"B\"\"\","));
  EXPECT_TRUE(lines[2].ends_with(",-5,")) << lines[2];
  const std::string nothing = Export(fmt::format("campaign_id: {} states: UNDELIVERED", campaign));
  EXPECT_EQ(std::count(nothing.begin(), nothing.end(), '\n'), 1);
  Export("campaign_id: 999");
  EXPECT_THAT(export_status_, HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_F(LifeTest, AnExportGoesOnOverManyPages) {
  Start();
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  constexpr int kMessages = 4'321;
  for (int i = 0; i < kMessages; ++i) {
    request.add_messages()->set_recipient(std::to_string(79'200'000'000 + i));
  }
  ASSERT_OK(admin_->Call(&Messages::SendMessages, request));
  const std::string file = Export(fmt::format("campaign_id: {}", campaign));
  ASSERT_OK(export_status_);
  EXPECT_EQ(std::count(file.begin(), file.end(), '\n'), kMessages + 1);
}

TEST_F(LifeTest, AnExportLosesNoField) {
  Start();
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 1'001; ++i) {
    request.add_messages()->set_recipient(std::to_string(79'200'000'000 + i));
  }
  (*request.mutable_messages(1'000)->mutable_fields())["late"] = "5";
  ASSERT_OK(admin_->Call(&Messages::SendMessages, request));
  const std::string file = Export(fmt::format("campaign_id: {} with_fields: true", campaign));
  ASSERT_OK(export_status_);
  EXPECT_THAT(file, HasSubstr("provider_detail,other_fields\r\n"));
  EXPECT_TRUE(file.ends_with(",\"{\"\"late\"\":\"\"5\"\"}\"\r\n"))
      << file.substr(file.size() - 200);
}

// Half of the messages would look like all of them.
TEST_F(LifeTest, AnExportOfWhatIsDeletedMeanwhileFails) {
  Start();
  const auto made =
      admin_->Call(&Campaigns::CreateCampaign, "campaign { display_name: 'gone' template: 'x' }");
  ASSERT_OK(made);
  const int64_t campaign = made->id();
  v1::SendMessagesRequest request;
  request.set_campaign_id(campaign);
  for (int i = 0; i < 10'000; ++i) {
    request.add_messages()->set_recipient(std::to_string(79'200'000'000 + i));
  }
  // More than one page looks at.
  for (int i = 0; i < 3; ++i) ASSERT_OK(admin_->Call(&Messages::SendMessages, request));
  const std::string nothing = Export(fmt::format("campaign_id: {} states: DELIVERED", campaign));
  ASSERT_OK(export_status_);
  EXPECT_EQ(std::count(nothing.begin(), nothing.end(), '\n'), 1);
  Ask(&Campaigns::CancelCampaign, campaign);
  const auto stub = v1::CampaignService::NewStub(admin_->channel());
  {
    grpc::ClientContext context;
    admin_->Prepare(context);
    v1::WatchCampaignRequest watched;
    watched.set_campaign_id(campaign);
    const auto reader = stub->WatchCampaign(&context, watched);
    v1::CampaignProgress progress;
    while (reader->Read(&progress)) {
    }
    ASSERT_OK(testing::FromGrpc(reader->Finish()));
  }
  const ServerClient slow(server_->port(), admin_key_, testing::SmallWindow());
  grpc::ClientContext context;
  slow.Prepare(context);
  v1::ExportMessagesRequest exported;
  exported.set_campaign_id(campaign);
  const auto slow_stub = v1::CampaignService::NewStub(slow.channel());
  const auto reader = slow_stub->ExportMessages(&context, exported);
  v1::FileChunk chunk;
  ASSERT_TRUE(reader->Read(&chunk));
  ASSERT_OK(admin_->Call(&Campaigns::DeleteCampaign, fmt::format("campaign_id: {}", campaign)));
  while (reader->Read(&chunk)) {
  }
  EXPECT_THAT(testing::FromGrpc(reader->Finish()), HasReason("CAMPAIGN_NOT_FOUND"));
}

TEST_F(LifeTest, ProgressIsToldUntilTheCampaignIsOver) {
  Start();
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  grpc::ClientContext context;
  admin_->Prepare(context);
  const auto stub = v1::CampaignService::NewStub(admin_->channel());
  v1::WatchCampaignRequest request;
  request.set_campaign_id(campaign);
  const auto reader = stub->WatchCampaign(&context, request);
  v1::CampaignProgress progress;
  ASSERT_TRUE(reader->Read(&progress));
  EXPECT_EQ(progress.state(), v1::Campaign::RUNNING);
  EXPECT_EQ(progress.statistics().messages(), 0);
  admin_->SendOne(campaign);
  while (progress.statistics().delivered_messages() == 0) ASSERT_TRUE(reader->Read(&progress));
  ASSERT_OK(admin_->Call(&Campaigns::CancelCampaign, fmt::format("campaign_id: {}", campaign)));
  while (reader->Read(&progress)) {
  }
  EXPECT_EQ(progress.state(), v1::Campaign::CANCELLED);
  EXPECT_TRUE(reader->Finish().ok());
}

// The outlook that a watch of the campaign tells once it is `hold`.
v1::SendOutlook WatchedOutlook(const ServerClient& client, int64_t campaign,
                               v1::SendOutlook::Hold hold) {
  grpc::ClientContext context;
  client.Prepare(context);
  const auto stub = v1::CampaignService::NewStub(client.channel());
  v1::WatchCampaignRequest request;
  request.set_campaign_id(campaign);
  const auto reader = stub->WatchCampaign(&context, request);
  v1::CampaignProgress progress;
  do {
    if (!reader->Read(&progress)) {
      ADD_FAILURE() << "the watch ended: " << reader->Finish().error_message();
      return {};
    }
  } while (progress.outlook().hold() != hold);
  context.TryCancel();
  return progress.outlook();
}

TEST_F(LifeTest, AWatchSaysWhyNothingIsSent) {
  Start();
  const int64_t campaign =
      admin_->StartCampaign("template: 'x' rate_limit: 1 rate_period { seconds: 3600 }");
  EXPECT_EQ(WatchedOutlook(*admin_, campaign, v1::SendOutlook::NOTHING_WAITING).explanation(),
            "no message waits");
  for (int i = 0; i < 3; ++i) admin_->SendOne(campaign);
  const v1::SendOutlook slow = WatchedOutlook(*admin_, campaign, v1::SendOutlook::RATE_REACHED);
  EXPECT_THAT(slow.explanation(), StartsWith("its rate, or that of its account or route"));
  EXPECT_TRUE(slow.has_next_send_time());
  ASSERT_OK(admin_->Call(&Campaigns::PauseCampaign, fmt::format("campaign_id: {}", campaign)));
  EXPECT_EQ(WatchedOutlook(*admin_, campaign, v1::SendOutlook::HELD_BY_PAUSE).explanation(),
            "paused");
}

TEST_F(LifeTest, EveryStatusIsASignedEvent) {
  WebhookReceiver receiver;
  Start();
  const int64_t campaign = DeliverSome(
      1, "webhook_url: '" + receiver.Url("/hook") + "' webhook_events: ALL template: 'x'");
  ASSERT_TRUE(receiver.WaitFor("/hook", 2));
  ASSERT_OK_AND_ASSIGN(const auto secret, admin_->Call(&Webhooks::GetWebhookSecret, ""));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, webhooks::ParseWebhookSecret(secret.secret()));
  std::set<std::string> types;
  for (const auto& webhook : receiver.Received("/hook")) {
    EXPECT_EQ(
        webhook.headers.at("webhook-signature"),
        webhooks::SignWebhook(bytes, webhook.headers.at("webhook-id"),
                              std::stoll(webhook.headers.at("webhook-timestamp")), webhook.body));
    const auto event = nlohmann::json::parse(webhook.body);
    types.insert(event["type"]);
    EXPECT_EQ(event["data"]["campaign_id"], campaign);
  }
  EXPECT_THAT(types, ElementsAre("message.delivered", "message.sent"));
}

}  // namespace
}  // namespace campaigner::e2e

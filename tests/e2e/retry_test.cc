// Messages that failed, sent again, over a provider that is a program and reports for itself.
#include "tests/e2e/server_test_base.h"
#include "tests/support/webhook_receiver.h"

namespace campaigner::e2e {
namespace {

using ::testing::HasSubstr;
using testing::WebhookReceiver;

class RetryTest : public ServerTest {
 protected:
  void SetUp() override {
    Start("providers { name: 'p' http { url: '" + provider_.Url("/submit") +
          "' body: '{reference}' content_type: 'text/plain' receipts: true } }");
  }

  // The reference of the submission `index`.
  std::string Reference(size_t index) {
    EXPECT_TRUE(provider_.WaitFor("/submit", index + 1));
    return provider_.Received("/submit")[index].body;
  }
  int Report(const std::string& reference, const std::string& state) {
    const auto answer =
        admin_->Call(&Messages::ReportDelivery,
                     fmt::format("reports {{ reference: '{}' state: {} }}", reference, state));
    EXPECT_OK(answer);
    return answer.ok() ? answer->applied() : -1;
  }
  absl::StatusOr<v1::Operation> Retry(int64_t campaign, const std::string& filter) {
    return admin_->Call(&Campaigns::RetryMessages,
                        fmt::format("campaign_id: {} {}", campaign, filter));
  }
  // The progress of a campaign is told until it is over.
  v1::CampaignProgress AwaitEnd(int64_t campaign) {
    grpc::ClientContext context;
    admin_->Prepare(context);
    v1::WatchCampaignRequest request;
    request.set_campaign_id(campaign);
    const auto stub = v1::CampaignService::NewStub(admin_->channel());
    const auto reader = stub->WatchCampaign(&context, request);
    v1::CampaignProgress progress;
    while (reader->Read(&progress)) {
    }
    EXPECT_TRUE(reader->Finish().ok());
    return progress;
  }

  WebhookReceiver provider_;
};

TEST_F(RetryTest, WhatFailedIsSentAgainAndDelivered) {
  const int64_t campaign = admin_->StartCampaign("template: 'x' finish_when_sent: true");
  Watch watch(*admin_, fmt::format("campaign_id: {}", campaign));
  const int64_t id = admin_->SendOne(campaign);
  watch.Until(id, v1::Message::SENT);
  const std::string first = Reference(0);
  EXPECT_EQ(Report(first, "UNDELIVERED reason: UNAVAILABLE"), 1);
  AwaitEnd(campaign);

  EXPECT_EQ(Done(Retry(campaign, "reasons: FORBIDDEN")).messages(), 0);
  const v1::Operation retry = Done(Retry(campaign, "reasons: UNAVAILABLE"));
  EXPECT_EQ(retry.messages(), 1);
  EXPECT_EQ(retry.done_units(), 1);
  const std::string second = Reference(1);
  EXPECT_THAT(second, HasSubstr(".1-"));
  watch.Until(id, v1::Message::SENT);
  // The provider says once more what became of the first.
  EXPECT_EQ(Report(first, "UNDELIVERED reason: UNAVAILABLE"), 0);
  EXPECT_EQ(Report(second, "DELIVERED"), 1);
  const v1::CampaignProgress end = AwaitEnd(campaign);
  EXPECT_EQ(end.statistics().messages(), 1);
  EXPECT_EQ(end.statistics().delivered_messages(), 1);

  const auto message = admin_->Call(&Messages::GetMessage, fmt::format("message_id: {}", id));
  ASSERT_OK(message);
  EXPECT_EQ(message->state(), v1::Message::DELIVERED);
  ASSERT_EQ(message->attempts_size(), 2);
  EXPECT_EQ(message->attempts(0).number(), 1);
  EXPECT_EQ(message->attempts(1).number(), 2);
}

TEST_F(RetryTest, WhatWasMeantOrProbablyDeliveredHasToBeNamed) {
  const int64_t campaign = admin_->StartCampaign("template: 'x'");
  size_t sent = 0;
  for (const char* end : {"UNDELIVERED reason: FAILED", "EXPIRED reason: STATUS_TIMEOUT",
                          "REJECTED reason: NO_FUNDS", "REJECTED reason: OPTED_OUT"}) {
    admin_->SendOne(campaign);
    EXPECT_EQ(Report(Reference(sent++), end), 1);
  }
  // What is sent again waits then.
  ASSERT_OK(admin_->Call(&Campaigns::PauseCampaign, fmt::format("campaign_id: {}", campaign)));
  EXPECT_EQ(Done(Retry(campaign, "")).messages(), 1);
  EXPECT_EQ(Done(Retry(campaign, "states: [UNDELIVERED, EXPIRED]")).messages(), 0);
  EXPECT_EQ(Done(Retry(campaign, "reasons: NO_FUNDS")).messages(), 1);
  EXPECT_EQ(Done(Retry(campaign, "states: REJECTED")).messages(), 0);
  EXPECT_EQ(Done(Retry(campaign, "reasons: [OPTED_OUT, STATUS_TIMEOUT]")).messages(), 2);
  using Names = std::vector<std::string>;
  EXPECT_EQ(Fields(Retry(campaign, "reasons: [FAILED, REPLACED]").status()), Names{"reasons[1]"});
  EXPECT_EQ(Fields(Retry(campaign, "reasons: ERASED").status()), Names{"reasons[0]"});
  EXPECT_EQ(Fields(Retry(campaign, "states: DELIVERED").status()), Names{"states[0]"});
}

}  // namespace
}  // namespace campaigner::e2e

#include <algorithm>

#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StoreTest, AMessageGoesAllTheWay) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptSome(campaign, route_id, 1);

  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_THAT(claimed.messages, SizeIs(1));
  const ClaimedMessage& message = claimed.messages[0];
  EXPECT_EQ(message.id, id);
  EXPECT_EQ(message.attempt_number, 1);
  EXPECT_EQ(message.recipient, "79201234567");
  EXPECT_EQ(message.text, std::nullopt);
  EXPECT_EQ(message.template_version, 1);
  EXPECT_EQ(message.fields, (domain::Fields{{"name", "Ann"}}));
  EXPECT_EQ(message.create_time, kNow);
  EXPECT_THAT(claimed.drained, SizeIs(1));
  EXPECT_EQ(StateOf(id), MessageState::kSending);

  ASSERT_OK(Record({SentOutcome(message, kNow + absl::Seconds(1))}));
  EXPECT_EQ(StateOf(id), MessageState::kSent);
  EXPECT_EQ(Get(id).send_time, kNow + absl::Seconds(1));

  const auto receipts = Receive({Receipt(id, MessageState::kDelivered)}, kNow + absl::Seconds(2));
  ASSERT_OK(receipts);
  EXPECT_EQ(receipts->applied, 1);
  const domain::Message delivered = Get(id);
  EXPECT_EQ(delivered.state, MessageState::kDelivered);
  EXPECT_EQ(delivered.final_time, kNow + absl::Seconds(2));
  EXPECT_EQ(delivered.text, "Hello Ann");
  EXPECT_EQ(delivered.attempt_count, 1);
  ASSERT_THAT(delivered.attempts, SizeIs(1));
  EXPECT_EQ(delivered.attempts[0].provider_message_id, "p-" + std::to_string(id));
  ExpectCountersFit(campaign.account_id, campaign.id);

  const auto endpoints = store_->ListPendingEndpoints(0, 10);
  ASSERT_OK(endpoints);
  ASSERT_THAT(*endpoints, SizeIs(1));
  const ClaimedWebhooks webhooks =
      ClaimWebhooks((*endpoints)[0].endpoint_id, 10, kNow + absl::Seconds(3));
  ASSERT_THAT(webhooks.deliveries, SizeIs(1));
  EXPECT_EQ(webhooks.deliveries[0].url, "https://example.com/hook");
  EXPECT_EQ(webhooks.deliveries[0].account_id, campaign.account_id);
  EXPECT_THAT(webhooks.deliveries[0].payload, ::testing::HasSubstr("delivered"));
  ASSERT_OK(RecordWebhooks({{.id = webhooks.deliveries[0].id,
                             .next_attempt_time = {},
                             .http_status = 200,
                             .error = ""}}));
  EXPECT_THAT(*store_->ListPendingEndpoints(0, 10), IsEmpty());
}

}  // namespace
}  // namespace campaigner::storage

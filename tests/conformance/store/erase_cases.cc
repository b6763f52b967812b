#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPerson[] = "77010000001";

// With an external id too.
domain::NewMessage To(const std::string& recipient, domain::NewMessage message) {
  message.recipient = recipient;
  message.external_id = "person-1";
  return message;
}

EraseStep Erase(Store& store, const Campaign& campaign, int32_t limit = 1000) {
  return store.EraseRecipient(campaign.account_id, kPerson, kNow, limit).value();
}

std::vector<domain::Message> Find(Store& store, const Campaign& campaign) {
  return store.ListMessages({.account_id = campaign.account_id, .recipient = kPerson}, 0, 100)
      ->messages;
}

void ExpectErased(const domain::Message& message) {
  EXPECT_EQ(message.recipient, "");
  EXPECT_EQ(message.text, "");
  EXPECT_EQ(message.external_id, "");
  EXPECT_THAT(message.fields, IsEmpty());
  for (const domain::Attempt& attempt : message.attempts) {
    EXPECT_EQ(attempt.provider_message_id + attempt.detail + attempt.receipt_detail, "");
  }
}

TEST_P(StoreTest, NothingOfAPersonStaysButTheFigures) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const auto send = [&](const Campaign& to, const std::string& recipient = kPerson) {
    return AcceptOne(to, To(recipient, NewMessage(to.id, route_id)));
  };
  const int64_t sent = send(campaign);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  const int64_t delivered = send(campaign);
  ASSERT_OK(Receive({Receipt(delivered, MessageState::kDelivered)}));
  const int64_t waiting = send(MakeCampaign(campaign.account_id));
  const int64_t other = send(campaign, "77010000002");
  const Campaign foreign = MakeCampaign(MakeAccount().id);
  const int64_t foreign_id = send(foreign);
  const EraseStep step = Erase(*store_, campaign);
  EXPECT_EQ(step.erased, 3);
  EXPECT_EQ(step.sending, 0);
  EXPECT_FALSE(step.more);
  for (const int64_t id : {sent, delivered, waiting}) ExpectErased(Get(id));
  EXPECT_EQ(StateOf(sent), MessageState::kSent);
  EXPECT_EQ(StateOf(delivered), MessageState::kDelivered);
  EXPECT_EQ(StateOf(waiting), MessageState::kCancelled);
  EXPECT_EQ(Get(waiting).reason, StateReason::kErased);
  EXPECT_EQ(Get(other).external_id, "person-1");
  EXPECT_EQ(Get(foreign_id).recipient, kPerson);
  EXPECT_THAT(Find(*store_, campaign), IsEmpty());
  EXPECT_THAT(
      store_->ListWebhooks({.account_id = campaign.account_id, .campaign_id = campaign.id}, 0, 10)
          ->deliveries,
      IsEmpty());
  EXPECT_EQ(store_->GetWebhookLag()->pending, 0);
  // A receipt may still come.
  EXPECT_EQ(Receive({Receipt(sent, MessageState::kRead)})->applied, 1);
  ExpectCountersFit(campaign.account_id, campaign.id);
  Reopen();
  EXPECT_THAT(Find(*store_, campaign), IsEmpty());
  EXPECT_EQ(Erase(*store_, campaign).erased, 0);
}

TEST_P(StoreTest, WhatIsBeingSentStaysUntilItIsSent) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const auto send = [&](const Campaign& to, const std::string& recipient = kPerson) {
    return AcceptOne(to, To(recipient, NewMessage(to.id, route_id)));
  };
  const int64_t id = send(campaign);
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  EraseStep step = Erase(*store_, campaign);
  EXPECT_EQ(step.erased, 0);
  EXPECT_EQ(step.sending, 1);
  EXPECT_EQ(Get(id).recipient, kPerson);
  ASSERT_OK(Record({SentOutcome(claimed.messages[0])}));
  EXPECT_EQ(Erase(*store_, campaign).erased, 1);
  ExpectErased(Get(id));
}

TEST_P(StoreTest, AnErasedMessageIsNeverSentAgain) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const auto send = [&](const Campaign& to, const std::string& recipient = kPerson) {
    return AcceptOne(to, To(recipient, NewMessage(to.id, route_id)));
  };
  const int64_t waiting = send(campaign);
  const int64_t failed = send(campaign);
  ASSERT_OK(Receive({Receipt(failed, MessageState::kUndelivered)}));
  Erase(*store_, campaign);
  const RetryFilter all{.states = {MessageState::kUndelivered, MessageState::kCancelled},
                        .reasons = {}};
  EXPECT_EQ(store_->RetryFailed(campaign.id, all, 0, kNow, 10)->retried, 0);
  EXPECT_EQ(StateOf(waiting), MessageState::kCancelled);
  EXPECT_THAT(Claim({{campaign.id, route_id, 10}}).messages, IsEmpty());
}

TEST_P(StoreTest, AnErasureGoesInSteps) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const auto send = [&](const Campaign& to, const std::string& recipient = kPerson) {
    return AcceptOne(to, To(recipient, NewMessage(to.id, route_id)));
  };
  for (int i = 0; i < 7; ++i) send(campaign);
  int erased = 0;
  EraseStep step;
  do {
    step = Erase(*store_, campaign, 3);
    EXPECT_LE(step.erased, 3);
    erased += step.erased;
  } while (step.more);
  EXPECT_EQ(erased, 7);
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kCancelled), 7);
}

}  // namespace
}  // namespace campaigner::storage

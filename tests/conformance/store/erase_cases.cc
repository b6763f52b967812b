#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using domain::StateReason;
using ::testing::ElementsAre;
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
  EXPECT_THAT(store_->FindFailed(campaign.id, all, 0, 10)->messages, IsEmpty());
  const auto operation = store_->CreateOperation({.account_id = campaign.account_id,
                                                  .campaign_id = campaign.id,
                                                  .kind = domain::OperationKind::kRetry},
                                                 kNow);
  EXPECT_EQ(*store_->SendAgain({.operation_id = operation->id}, all, {{failed, route_id, 0}}, kNow),
            0);
  EXPECT_EQ(StateOf(waiting), MessageState::kCancelled);
  EXPECT_THAT(Claim({{campaign.id, route_id, 10}}).messages, IsEmpty());
}

TEST_P(StoreTest, WhatComesLateBringsNoWordsBack) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  const int64_t id = AcceptOne(campaign, To(kPerson, NewMessage(campaign.id, route_id)));
  const Claimed claimed = Claim({{campaign.id, route_id, 10}});
  ReceiptRecord receipt = Receipt(id, MessageState::kSent);
  receipt.detail = receipt.provider_message_id = "her words";
  ASSERT_OK(Receive({receipt}));
  EXPECT_EQ(Erase(*store_, campaign).erased, 1);
  // The provider's own answer, which says that she wants no more of it.
  OutcomeRecord outcome = SentOutcome(claimed.messages[0]);
  outcome.attempt.outcome = domain::AttemptOutcome::kOptedOut;
  outcome.attempt.detail = "her words";
  ASSERT_OK(Record({outcome}));
  receipt.state = MessageState::kDelivered;
  EXPECT_EQ(Receive({receipt})->applied, 1);
  ExpectErased(Get(id));
  EXPECT_EQ(StateOf(id), MessageState::kDelivered);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
  EXPECT_THAT(store_->ListStopList(campaign.account_id, "", {.size = 10}).value(), IsEmpty());
}

class DeletedWebhooks final : public StoreObserver {
 public:
  void OnWebhooksDeleted(const std::vector<WebhookId>& webhooks) override {
    for (const WebhookId& webhook : webhooks) ids.push_back(webhook.id);
  }
  std::vector<int64_t> ids;
};

TEST_P(StoreTest, WhoHoldsAWebhookIsToldThatItIsGone) {
  DeletedWebhooks deleted;
  store_->AddObserver(&deleted);
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t id = AcceptOne(campaign, To(kPerson, NewMessage(campaign.id, MakeRoute())));
  ASSERT_OK(Receive({Receipt(id, MessageState::kDelivered)}));
  const auto owed =
      store_->ListWebhooks({.account_id = campaign.account_id, .campaign_id = campaign.id}, 0, 10);
  ASSERT_THAT(owed->deliveries, SizeIs(1));
  EXPECT_EQ(Erase(*store_, campaign).erased, 1);
  store_->Drain();
  EXPECT_THAT(deleted.ids, ElementsAre(owed->deliveries[0].id));
}

TEST_P(StoreTest, RejectedRowsLoseTheirValues) {
  const domain::Account account = MakeAccount();
  EXPECT_OK(store_->BlankRejectedRows(1, {}));
  const Campaign campaign = MakeCampaign(account.id);
  const int64_t upload_id = *store_->BeginUpload(account.id, "list.csv", kNow);
  ASSERT_OK(store_->FinishUpload({.id = upload_id, .account_id = account.id}, kNow));
  const auto import = store_->CreateImport(
      {.operation = {.account_id = account.id, .campaign_id = campaign.id}, .upload_id = upload_id},
      kNow);
  ASSERT_OK(import);
  auto step = std::make_shared<ImportStep>();
  step->step = {.operation_id = import->id};
  step->campaign_id = campaign.id;
  for (int row = 1; row <= 3; ++row) step->rejected.push_back({row, "why", kPerson});
  std::promise<absl::Status> added;
  store_->AddImportStep(step, kNow,
                        [&](absl::Status status) { added.set_value(std::move(status)); });
  ASSERT_OK(added.get_future().get());
  ASSERT_OK(store_->BlankRejectedRows(import->id, {1, 3, 77}));
  const auto rows = store_->ListRejectedRows(import->id, 0, 10).value();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].value, "");
  EXPECT_EQ(rows[0].reason, "why");
  EXPECT_EQ(rows[1].value, kPerson);
  EXPECT_EQ(rows[2].value, "");
}

TEST_P(StoreTest, UploadsAreListedByAccountAndTime) {
  const int64_t account_id = MakeAccount().id;
  const int64_t other_id = MakeAccount().id;
  const auto upload = [&](int64_t owner, absl::Time time) {
    const int64_t id = *store_->BeginUpload(owner, "list.csv", time);
    EXPECT_OK(store_->FinishUpload({.id = id, .account_id = owner}, time));
    return id;
  };
  const int64_t first = upload(account_id, kNow);
  upload(other_id, kNow);
  const int64_t second = upload(account_id, kNow);
  upload(account_id, kNow + absl::Seconds(1));
  ASSERT_OK(store_->BeginUpload(account_id, "arriving.csv", kNow));
  EXPECT_THAT(store_->ListUploads(account_id, kNow, 0, 10).value(), ElementsAre(first, second));
  EXPECT_THAT(store_->ListUploads(account_id, kNow, first, 10).value(), ElementsAre(second));
  EXPECT_THAT(store_->ListUploads(account_id, kNow, 0, 1).value(), ElementsAre(first));
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

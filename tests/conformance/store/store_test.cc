#include "tests/conformance/store/store_test.h"

#include <map>
#include <tuple>

namespace campaigner::storage {

using domain::Account;
using domain::Campaign;
using domain::MessageState;

namespace {

// Starts an asynchronous function and waits for its result.
template <typename Result>
Result Await(const std::function<void(absl::AnyInvocable<void(Result)>)>& start) {
  std::promise<Result> promise;
  std::future<Result> future = promise.get_future();
  start([&promise](Result result) { promise.set_value(std::move(result)); });
  return future.get();
}

}  // namespace

Account StoreTest::MakeAccount(const std::string& name) {
  Account account;
  account.display_name = name;
  account.default_region = "RU";
  account.time_zone = "Europe/Moscow";
  return store_->CreateAccount(account, "", kNow).value();
}

Campaign StoreTest::NewCampaign(int64_t account_id) {
  Campaign campaign;
  campaign.account_id = account_id;
  campaign.display_name = "Autumn";
  campaign.template_text = "Hello {name}";
  campaign.webhook_url = "https://example.com/hook";
  campaign.message_attempts = 3;
  campaign.sending_timeout = absl::Hours(1);
  campaign.status_timeout = absl::Hours(2);
  campaign.retry_interval = absl::Seconds(60);
  campaign.rate.period = absl::Seconds(1);
  campaign.state = domain::CampaignState::kRunning;
  return campaign;
}

Campaign StoreTest::MakeCampaign(int64_t account_id) {
  return MakeCampaign(account_id, [](Campaign&) {});
}

Campaign StoreTest::MakeCampaign(int64_t account_id, const std::function<void(Campaign&)>& change) {
  Campaign campaign = NewCampaign(account_id);
  change(campaign);
  return store_->CreateCampaign(campaign, "", kNow).value();
}

int64_t StoreTest::MakeRoute(const std::string& name) { return store_->InternRoute(name).value(); }

domain::NewMessage StoreTest::NewMessage(int64_t campaign_id, int64_t route_id,
                                         const std::string& external_id) {
  domain::NewMessage message;
  message.campaign_id = campaign_id;
  message.route_id = route_id;
  message.recipient = "79201234567";
  message.template_version = 1;
  message.fields = {{"name", "Ann"}};
  message.external_id = external_id;
  return message;
}

absl::StatusOr<Accepted> StoreTest::Accept(AcceptBatch batch) {
  return Await<absl::StatusOr<Accepted>>([&](MessageStore::AcceptDone done) {
    store_->AcceptMessages(std::move(batch), std::move(done));
  });
}

int64_t StoreTest::AcceptSome(const Campaign& campaign, int64_t route_id, int count,
                              absl::Time now) {
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = now;
  for (int i = 0; i < count; ++i) {
    batch.messages.push_back(NewMessage(campaign.id, route_id, "order-" + std::to_string(i)));
  }
  return Accept(std::move(batch)).value().first_message_id;
}

int64_t StoreTest::AcceptOne(const Campaign& campaign, const domain::NewMessage& message,
                             absl::Time now) {
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = now;
  batch.messages = {message};
  return Accept(std::move(batch)).value().first_message_id;
}

Claimed StoreTest::Claim(std::vector<LaneClaim> lanes, const std::string& owner, absl::Time now) {
  return Await<absl::StatusOr<Claimed>>([&](DispatchStore::ClaimDone done) {
           store_->ClaimMessages(std::move(lanes), owner, now + absl::Seconds(60), now,
                                 std::move(done));
         })
      .value();
}

absl::Status StoreTest::Record(std::vector<OutcomeRecord> outcomes, absl::Time now) {
  return Await<absl::Status>([&](DispatchStore::Done done) {
    store_->RecordOutcomes(std::move(outcomes), now, std::move(done));
  });
}

absl::StatusOr<ReceiptsApplied> StoreTest::Receive(std::vector<ReceiptRecord> receipts,
                                                   absl::Time now) {
  return Await<absl::StatusOr<ReceiptsApplied>>([&](DispatchStore::ReceiptsDone done) {
    store_->ApplyReceipts(std::move(receipts), now, std::move(done));
  });
}

WebhookStore::ClaimedWebhooks StoreTest::ClaimWebhooks(int64_t endpoint_id, int32_t limit,
                                                       absl::Time now) {
  return Await<absl::StatusOr<ClaimedWebhooks>>([&](WebhookStore::ClaimWebhooksDone done) {
           store_->ClaimWebhooks({{endpoint_id, limit}}, now + absl::Seconds(30), now,
                                 std::move(done));
         })
      .value();
}

absl::Status StoreTest::RecordWebhooks(std::vector<WebhookOutcome> outcomes, absl::Time now) {
  return Await<absl::Status>([&](WebhookStore::Done done) {
    store_->RecordWebhookOutcomes(std::move(outcomes), now, std::move(done));
  });
}

OutcomeRecord StoreTest::SentOutcome(const ClaimedMessage& message, absl::Time now) {
  OutcomeRecord outcome;
  outcome.message_id = message.id;
  outcome.claim_id = message.claim_id;
  outcome.attempt.number = message.attempt_number;
  outcome.attempt.route_id = message.route_id;
  outcome.attempt.outcome = domain::AttemptOutcome::kAccepted;
  outcome.attempt.provider_message_id = "p-" + std::to_string(message.id);
  outcome.attempt.start_time = now;
  outcome.attempt.end_time = now;
  outcome.after.state = MessageState::kSent;
  outcome.after.reason = domain::StateReason::kNone;
  outcome.status_deadline = now + absl::Hours(2);
  return outcome;
}

OutcomeRecord StoreTest::RetryOutcome(const ClaimedMessage& message, absl::Time again,
                                      absl::Time now) {
  OutcomeRecord outcome = SentOutcome(message, now);
  outcome.attempt.outcome = domain::AttemptOutcome::kPassingFailure;
  outcome.attempt.provider_message_id.clear();
  outcome.attempt.detail = "connection refused";
  outcome.after.state = MessageState::kAccepted;
  outcome.after.next_attempt_time = again;
  outcome.status_deadline.reset();
  return outcome;
}

ReceiptRecord StoreTest::Receipt(int64_t message_id, MessageState state) {
  ReceiptRecord receipt;
  receipt.message_id = message_id;
  receipt.state = state;
  receipt.time = kNow;
  return receipt;
}

domain::Message StoreTest::Get(int64_t message_id) {
  return store_->GetMessage(0, message_id, true).value();
}

int64_t StoreTest::CounterOf(int64_t campaign_id, MessageState state) {
  const auto counters = store_->GetCampaignCounters(campaign_id).value();
  for (const CampaignCounter& counter : counters) {
    if (counter.state == state) return counter.messages;
  }
  return 0;
}

void StoreTest::ExpectCountersFit(int64_t account_id, int64_t campaign_id) {
  using Figures = std::tuple<int64_t, int64_t, int64_t>;  // Messages, segments, cost.
  std::map<MessageState, Figures> counted;
  MessageFilter filter;
  filter.account_id = account_id;
  filter.campaign_id = campaign_id;
  int64_t after_id = 0;
  do {
    const MessagePage page = store_->ListMessages(filter, after_id, 1000).value();
    for (const domain::Message& message : page.messages) {
      auto& [messages, segments, cost] = counted[message.state];
      messages += 1;
      segments += message.segments;
      cost += message.cost_micros;
    }
    after_id = page.next_after_id;
  } while (after_id != 0);
  std::map<MessageState, Figures> kept;
  const auto counters = store_->GetCampaignCounters(campaign_id).value();
  for (const CampaignCounter& counter : counters) {
    kept[counter.state] = {counter.messages, counter.segments, counter.cost_micros};
  }
  EXPECT_EQ(kept, counted);
}

}  // namespace campaigner::storage

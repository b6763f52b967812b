#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/storage/store.h"
#include "tests/support/status_matchers.h"

// The conformance suite: what every Store must do. An implementation links store_conformance and
// instantiates StoreTest with a way to make its stores.
namespace campaigner::storage {

// One memory, which may be closed and opened again.
class StoreMemory {
 public:
  virtual ~StoreMemory() = default;
  // What was closed before is there again. At most one is open at a time.
  virtual std::unique_ptr<Store> Open() = 0;
};

using MakeStoreMemory = std::function<std::unique_ptr<StoreMemory>()>;

// A time in whole microseconds, as storage keeps them.
inline const absl::Time kNow = absl::FromUnixMicros(1'700'000'000'123'456);

// Has the asynchronous functions as blocking ones, and rows with defaults.
class StoreTest : public ::testing::TestWithParam<MakeStoreMemory> {
 protected:
  using ClaimedWebhooks = WebhookStore::ClaimedWebhooks;

  StoreTest() : memory_(GetParam()()), store_(memory_->Open()) {}

  // Closes and opens the store, as after a restart.
  void Reopen() {
    store_.reset();
    store_ = memory_->Open();
  }

  // An account and a campaign of it that is RUNNING, with a webhook.
  domain::Account MakeAccount(const std::string& name = "Acme");
  domain::Campaign NewCampaign(int64_t account_id);
  domain::Campaign MakeCampaign(int64_t account_id);
  // With changes to what NewCampaign gives.
  domain::Campaign MakeCampaign(int64_t account_id,
                                const std::function<void(domain::Campaign&)>& change);
  int64_t MakeRoute(const std::string& name = "main");

  static domain::NewMessage NewMessage(int64_t campaign_id, int64_t route_id,
                                       const std::string& external_id = "");
  absl::StatusOr<Accepted> Accept(AcceptBatch batch);
  // `count` messages; the first id.
  int64_t AcceptSome(const domain::Campaign& campaign, int64_t route_id, int count,
                     absl::Time now = kNow);
  int64_t AcceptOne(const domain::Campaign& campaign, const domain::NewMessage& message,
                    absl::Time now = kNow);

  Claimed Claim(std::vector<LaneClaim> lanes, const std::string& owner = "me",
                absl::Time now = kNow);
  absl::Status Record(std::vector<OutcomeRecord> outcomes, absl::Time now = kNow);
  absl::StatusOr<ReceiptsApplied> Receive(std::vector<ReceiptRecord> receipts,
                                          absl::Time now = kNow);
  ClaimedWebhooks ClaimWebhooks(int64_t endpoint_id, int32_t limit, absl::Time now = kNow);
  absl::Status RecordWebhooks(std::vector<WebhookOutcome> outcomes, absl::Time now = kNow);

  // An attempt that the provider accepted.
  static OutcomeRecord SentOutcome(const ClaimedMessage& message, absl::Time now = kNow);
  // One that failed and is tried again.
  static OutcomeRecord RetryOutcome(const ClaimedMessage& message, absl::Time again,
                                    absl::Time now = kNow);
  static ReceiptRecord Receipt(int64_t message_id, domain::MessageState state);

  domain::Message Get(int64_t message_id);
  domain::MessageState StateOf(int64_t message_id) { return Get(message_id).state; }
  // The counters of a campaign must be what counting its messages gives.
  void ExpectCountersFit(int64_t account_id, int64_t campaign_id);
  // Messages by counter; 0 where there is none.
  int64_t CounterOf(int64_t campaign_id, domain::MessageState state);

  std::unique_ptr<StoreMemory> memory_;
  std::unique_ptr<Store> store_;
};

}  // namespace campaigner::storage

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/storage/account_store.h"
#include "server/storage/campaign_store.h"
#include "server/storage/dispatch_store.h"
#include "server/storage/import_store.h"
#include "server/storage/message_store.h"
#include "server/storage/operation_store.h"
#include "server/storage/stop_list_store.h"
#include "server/storage/webhook_store.h"

namespace campaigner::storage {

// A (campaign, route) pair: messages of one campaign that go out over one route.
struct Lane {
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  auto operator<=>(const Lane&) const = default;
};

// A message whose state changed.
struct MessageChange {
  int64_t message_id = 0;
  int64_t campaign_id = 0;
  int64_t account_id = 0;
  std::string external_id;
  domain::MessageState from = domain::MessageState::kAccepted;
  domain::MessageState to = domain::MessageState::kAccepted;
  domain::StateReason reason = domain::StateReason::kNone;
  absl::Time time;
};

// One group of writes that was committed together.
struct CommitReport {
  size_t requests = 0;
  // From the group's first statement to the end of its commit.
  absl::Duration duration;
  bool is_ok = true;
};

// What a commit made possible. Called on the writer's thread after the commit, in commit order:
// must not block and must not call the store. A hint, not a promise: whoever listens also asks the
// store now and then.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  // Messages became ready in these lanes.
  virtual void OnReady(const std::vector<Lane>& /*lanes*/) {}
  // Webhook deliveries became due now for these endpoints.
  virtual void OnWebhooksDue(const std::vector<int64_t>& /*endpoint_ids*/) {}
  // Webhook deliveries are gone: those that were claimed and have not begun must not.
  virtual void OnWebhooksDeleted(const std::vector<WebhookId>& /*webhooks*/) {}
  // A campaign was made, changed or deleted.
  virtual void OnCampaignChanged(int64_t /*campaign_id*/) {}
  // Asked before changes are collected, once per group, so that nobody pays when nobody watches.
  virtual bool WantsMessageChanges() { return false; }
  virtual void OnMessagesChanged(const std::vector<MessageChange>& /*changes*/) {}
  // Operations were made, moved on or ended; in the order of their writes.
  virtual void OnOperationsChanged(const std::vector<OperationChange>& /*changes*/) {}
  // After every group, for metrics. Only where the store was given a clock.
  virtual void OnCommit(const CommitReport& /*report*/) {}
};

// How many rows are in which state, and since when the oldest waits.
struct QueueDepth {
  domain::MessageState state = domain::MessageState::kAccepted;
  int64_t messages = 0;
};

// What the program must remember, in domain words; the only memory there is. Thread-safe.
//
// Reads see every write whose completion was reported before they began. Writes are on disk when
// their completion is reported. Asynchronous writes complete on the store's own thread, or at once
// on the caller's where they are refused: `done` must not block, must not call a blocking function
// of the store, and is called exactly once. Synchronous functions block until the commit: never
// call them on a gRPC thread.
//
// Errors of every function, besides those it names: UNAVAILABLE with RetryInfo when the write queue
// is full, the disk is full, or the file is locked or read-only; nothing of the call is then
// stored, and it works again once the cause is gone. DATA_LOSS when the file is damaged. INTERNAL
// for our own bugs.
class Store : public AccountStore,
              public CampaignStore,
              public MessageStore,
              public DispatchStore,
              public StopListStore,
              public WebhookStore,
              public OperationStore,
              public ImportStore {
 public:
  ~Store() override = default;

  // At most 16, before traffic; never removed: must live until Drain has returned or the store has
  // gone.
  virtual void AddObserver(StoreObserver* observer) = 0;

  // Waits until everything queued is committed; then refuses writes with UNAVAILABLE. May be called
  // twice.
  virtual void Drain() = 0;

  // Whether a write would be taken now: OK, or why not. For /readyz.
  virtual absl::Status Ready() = 0;

  // For metrics: the messages in each state that is not final (all campaigns), from counters, and
  // the creation time of the oldest ACCEPTED message that is ready.
  virtual absl::StatusOr<std::vector<QueueDepth>> QueueDepths() = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> OldestReady() = 0;

  // For metrics: the attempts with outcome UNKNOWN that were ever recorded, over all starts.
  virtual absl::StatusOr<int64_t> CountUnknownOutcomes() = 0;

  // Write requests waiting right now.
  virtual size_t WriteQueueLength() const = 0;
};

}  // namespace campaigner::storage

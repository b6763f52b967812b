#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/webhook.h"

namespace campaigner::storage {

struct WebhookId {
  int64_t endpoint_id = 0;
  int64_t id = 0;
};

struct EndpointDue {
  int64_t endpoint_id = 0;
  absl::Time due_time;
};

struct ClaimedWebhook {
  int64_t id = 0;
  int64_t account_id = 0;
  int64_t endpoint_id = 0;
  std::string url;
  std::string payload;
  int32_t attempt_count = 0;  // Tries made before this one.
  absl::Time create_time;
};

struct WebhookOutcome {
  int64_t id = 0;
  // kDelivered, kFailed, or kPending with next_attempt_time.
  domain::WebhookState state = domain::WebhookState::kDelivered;
  std::optional<absl::Time> next_attempt_time = std::nullopt;
  int32_t http_status = 0;
  std::string error = "";
};

struct WebhookFilter {
  int64_t account_id = 0;
  int64_t campaign_id = 0;
  int64_t message_id = 0;                         // 0: any.
  std::vector<domain::WebhookState> states = {};  // Empty: all.
};

// The outbox. An endpoint is one URL of one account; deliveries are queued per endpoint, so that a
// dead receiver cannot stand before another.
class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  // Blocking. Endpoints with pending deliveries, and when their first is due, after
  // `after_endpoint_id`, by id.
  virtual absl::StatusOr<std::vector<EndpointDue>> ListPendingEndpoints(int64_t after_endpoint_id,
                                                                        int32_t limit) = 0;

  // Asynchronous. Takes deliveries of one endpoint due at `now`, oldest due first. They are due
  // again at `lease_end` unless RecordWebhookOutcomes says otherwise: a crash costs a repeat, not a
  // loss.
  struct WebhookClaim {
    int64_t endpoint_id = 0;
    int32_t limit = 0;
  };
  struct ClaimedWebhooks {
    std::vector<ClaimedWebhook> deliveries;
    // When each asked endpoint is next due after this claim; endpoints with nothing pending are
    // left out.
    std::vector<EndpointDue> next_due;
  };
  using ClaimWebhooksDone = absl::AnyInvocable<void(absl::StatusOr<ClaimedWebhooks>)>;
  virtual void ClaimWebhooks(std::vector<WebhookClaim> claims, absl::Time lease_end, absl::Time now,
                             ClaimWebhooksDone done) = 0;

  // Asynchronous. Counts one try for each.
  using Done = absl::AnyInvocable<void(absl::Status)>;
  virtual void RecordWebhookOutcomes(std::vector<WebhookOutcome> outcomes, absl::Time now,
                                     Done done) = 0;

  // Blocking. By descending id. `next_after_id` as in MessagePage.
  struct WebhookPage {
    std::vector<domain::WebhookDelivery> deliveries;
    int64_t next_after_id = 0;
  };
  virtual absl::StatusOr<WebhookPage> ListWebhooks(const WebhookFilter& filter, int64_t after_id,
                                                   int32_t page_size) = 0;

  // Blocking. NOT_FOUND also for another account's; FAILED_PRECONDITION while PENDING.
  virtual absl::StatusOr<domain::WebhookDelivery> ReplayWebhook(int64_t account_id,
                                                                int64_t delivery_id,
                                                                absl::Time now) = 0;
  // Blocking. What had FAILED by `now` in a campaign is PENDING again: how many; are more left.
  struct Replayed {
    int32_t count = 0;
    bool more = false;
  };
  virtual absl::StatusOr<Replayed> ReplayFailedWebhooks(int64_t account_id, int64_t campaign_id,
                                                        absl::Time now, int32_t limit) = 0;

  // Pending deliveries and the creation time of the oldest due one, for metrics.
  struct WebhookLag {
    int64_t pending = 0;
    std::optional<absl::Time> oldest_due;
  };
  virtual absl::StatusOr<WebhookLag> GetWebhookLag() = 0;
};

}  // namespace campaigner::storage

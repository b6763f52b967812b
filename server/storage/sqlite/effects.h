#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "server/domain/campaign.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/store.h"

namespace campaigner::storage::sqlite {

// A campaign's row.
struct CampaignRow {
  domain::Campaign campaign;
  std::optional<int64_t> webhook_endpoint_id = std::nullopt;
  // The open clock: what it showed when it last stopped, and since when it runs.
  absl::Duration open_time = absl::ZeroDuration();
  std::optional<absl::Time> open_since = std::nullopt;

  absl::Duration OpenTime(absl::Time now) const {
    if (!open_since.has_value() || now <= *open_since) return open_time;
    return open_time + (now - *open_since);
  }
};
using CampaignRowPtr = std::shared_ptr<const CampaignRow>;

// How many messages, and what they come to.
struct Amount {
  int64_t messages = 0;
  int64_t segments = 0;
  int64_t cost = 0;

  Amount operator-() const { return {-messages, -segments, -cost}; }
  Amount& operator+=(const Amount& other) {
    messages += other.messages;
    segments += other.segments;
    cost += other.cost;
    return *this;
  }
  bool operator==(const Amount&) const = default;
};

struct CounterDelta {
  Amount change;
  // Of it, what came into the state, whether or not it has left again.
  Amount arrivals;
};

// Ids that hold messages of a campaign (see message_extent in the schema).
struct Extent {
  int64_t campaign_id = 0;
  int64_t first_id = 0;
  int64_t last_id = 0;
};

// What a write does besides its own rows: gathered in memory while it runs, thrown away if it is
// rolled back, written out once per group before the commit, and made known after it.
struct Effects {
  // By campaign and state.
  absl::flat_hash_map<std::pair<int64_t, int>, CounterDelta> counters;
  // When the arrivals came: the latest of the group stands for all.
  absl::Time arrival_time = absl::InfinitePast();
  std::vector<Extent> extents;
  // Of messages that were added, by ascending id.
  std::vector<AddressEntry> addresses;
  // Of messages whose recipient was erased: a run that is written with the group leaves them out.
  std::vector<int64_t> erased_ids;
  // Change in the number of messages that are SENDING, by claim.
  absl::flat_hash_map<int64_t, int64_t> claimed;
  int64_t pending_webhooks = 0;

  // Campaigns as they will be; null: deleted.
  absl::flat_hash_map<int64_t, CampaignRowPtr> campaigns;
  // Updates of caches.
  std::vector<absl::AnyInvocable<void()>> publish;

  // For observers.
  std::vector<Lane> ready_lanes;
  std::vector<int64_t> due_endpoints;
  std::vector<WebhookId> deleted_webhooks;
  std::vector<int64_t> changed_campaigns;
  std::vector<MessageChange> message_changes;
  std::vector<OperationChange> operation_changes;

  // Adds everything to `group` and is empty then.
  void MoveInto(Effects& group);
  void Clear();
};

}  // namespace campaigner::storage::sqlite

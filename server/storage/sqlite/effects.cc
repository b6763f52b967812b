#include "server/storage/sqlite/effects.h"

#include <algorithm>
#include <iterator>

namespace campaigner::storage::sqlite {
namespace {

template <typename T>
void Append(std::vector<T>& to, std::vector<T>& from) {
  if (to.empty()) {
    to.swap(from);
    return;
  }
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void Effects::MoveInto(Effects& group) {
  for (const auto& [key, delta] : counters) {
    CounterDelta& sum = group.counters[key];
    sum.change += delta.change;
    sum.arrivals += delta.arrivals;
  }
  group.arrival_time = std::max(group.arrival_time, arrival_time);
  for (const auto& [claim_id, change] : claimed) group.claimed[claim_id] += change;
  for (auto& [campaign_id, row] : campaigns) group.campaigns[campaign_id] = std::move(row);
  group.pending_webhooks += pending_webhooks;
  Append(group.extents, extents);
  Append(group.addresses, addresses);
  Append(group.erased_ids, erased_ids);
  Append(group.publish, publish);
  Append(group.ready_lanes, ready_lanes);
  Append(group.due_endpoints, due_endpoints);
  Append(group.deleted_webhooks, deleted_webhooks);
  Append(group.changed_campaigns, changed_campaigns);
  Append(group.message_changes, message_changes);
  Append(group.operation_changes, operation_changes);
  Clear();
}

void Effects::Clear() {
  counters.clear();
  arrival_time = absl::InfinitePast();
  extents.clear();
  addresses.clear();
  erased_ids.clear();
  claimed.clear();
  pending_webhooks = 0;
  campaigns.clear();
  publish.clear();
  ready_lanes.clear();
  due_endpoints.clear();
  deleted_webhooks.clear();
  changed_campaigns.clear();
  message_changes.clear();
  operation_changes.clear();
}

}  // namespace campaigner::storage::sqlite

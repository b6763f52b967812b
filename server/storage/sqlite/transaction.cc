#include "server/storage/sqlite/transaction.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/stop_list.h"

namespace campaigner::storage::sqlite {
namespace {

template <typename T>
void MakeUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

CampaignRowPtr Transaction::FindCampaign(int64_t campaign_id) {
  if (last_campaign_ != nullptr && last_campaign_->campaign.id == campaign_id) {
    return last_campaign_;
  }
  for (const Effects* effects : {&effects_, &group_effects_}) {
    const auto found = effects->campaigns.find(campaign_id);
    if (found != effects->campaigns.end()) return found->second;
  }
  CampaignRowPtr row = FindCampaignRow(connection_, caches_, campaign_id);
  last_campaign_ = row;
  return row;
}

void Transaction::PutCampaign(CampaignRowPtr row) {
  const int64_t campaign_id = row->campaign.id;
  last_campaign_ = row;
  effects_.campaigns[campaign_id] = std::move(row);
}

void Transaction::EraseCampaign(int64_t campaign_id) {
  last_campaign_ = nullptr;
  effects_.campaigns[campaign_id] = nullptr;
}

void Transaction::Count(int64_t campaign_id, domain::MessageState state, const Amount& amount) {
  effects_.counters[{campaign_id, static_cast<int>(state)}].change += amount;
}

void Transaction::CountArrival(int64_t campaign_id, domain::MessageState state,
                               const Amount& amount, absl::Time now) {
  CounterDelta& delta = effects_.counters[{campaign_id, static_cast<int>(state)}];
  delta.change += amount;
  delta.arrivals += amount;
  effects_.arrival_time = std::max(effects_.arrival_time, now);
}

int64_t Transaction::CountInState(int64_t campaign_id, domain::MessageState state) {
  const int number = static_cast<int>(state);
  int64_t count = 0;
  Query query(connection_, sql::kGetCounter, campaign_id, number);
  if (query.Step()) count = query.Int(0);
  for (const Effects* effects : {&effects_, &group_effects_}) {
    const auto found = effects->counters.find({campaign_id, number});
    if (found != effects->counters.end()) count += found->second.change.messages;
  }
  return count;
}

int64_t Transaction::CountOpen(int64_t campaign_id) {
  int64_t count = 0;
  for (int state = 1; !domain::IsFinal(static_cast<domain::MessageState>(state)); ++state) {
    count += CountInState(campaign_id, static_cast<domain::MessageState>(state));
  }
  return count;
}

void Transaction::AddReadyLane(int64_t campaign_id, int64_t route_id) {
  std::vector<Lane>& lanes = effects_.ready_lanes;
  const Lane lane{campaign_id, route_id};
  if (lanes.empty() || lanes.back() != lane) lanes.push_back(lane);
}

void Transaction::AddToExtent(int64_t campaign_id, int64_t id) {
  std::vector<Extent>& extents = effects_.extents;
  if (!extents.empty() && extents.back().campaign_id == campaign_id &&
      extents.back().last_id + 1 == id) {
    extents.back().last_id = id;
  } else {
    extents.push_back({campaign_id, id, id});
  }
}

void Transaction::Load() {
  ledger_.Load(connection_);
  Query query(connection_, sql::kCountPendingWebhooks);
  if (query.Step()) caches_.pending_webhooks = query.Int(0);
  LoadStopFilter(connection_, caches_.stop_filter);
}

void Transaction::BeginGroup(bool is_watched) {
  is_watched_ = is_watched;
  last_campaign_ = nullptr;
  effects_.Clear();
  group_effects_.Clear();
}

void Transaction::DropWrite() {
  last_campaign_ = nullptr;
  effects_.Clear();
}

const Effects& Transaction::PublishGroup() {
  ledger_.Commit(group_effects_);
  for (const auto& [campaign_id, row] : group_effects_.campaigns) {
    if (row == nullptr) {
      caches_.campaigns.Erase(campaign_id);
    } else {
      caches_.campaigns.Put(campaign_id, row);
    }
  }
  for (auto& publish : group_effects_.publish) publish();
  caches_.pending_webhooks += group_effects_.pending_webhooks;
  MakeUnique(group_effects_.ready_lanes);
  MakeUnique(group_effects_.due_endpoints);
  MakeUnique(group_effects_.changed_campaigns);
  return group_effects_;
}

void Transaction::AbandonGroup() {
  DropWrite();
  group_effects_.Clear();
  ledger_.Abandon();
}

}  // namespace campaigner::storage::sqlite

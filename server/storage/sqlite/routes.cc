#include <algorithm>
#include <utility>

#include "absl/functional/function_ref.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

constexpr char kFindRoute[] = "SELECT id FROM route WHERE name = ?1";
constexpr char kInsertRoute[] = "INSERT INTO route (name) VALUES (?1) RETURNING id";
constexpr char kGetRouteName[] = "SELECT name FROM route WHERE id = ?1";

// `next_lane` walks the lanes, one seek for each; `ids_in_lane` reads one.
struct LaneWalk {
  const char* next_lane;
  const char* ids_in_lane;
};
constexpr LaneWalk kWalks[] = {{sql::kNextReadyLane, sql::kReadyIdsInLane},
                               {sql::kNextWaitingLane, sql::kWaitingIdsInLane}};

using IsStray = absl::FunctionRef<bool(const Lane&)>;

// Moves `lane` on to the next that is astray; false: there is none.
bool NextStray(Connection& db, const LaneWalk& walk, IsStray is_stray, Lane& lane) {
  while (true) {
    Query next(db, walk.next_lane, lane.campaign_id, lane.route_id);
    if (!next.Step()) return false;
    lane = {next.Int(0), next.Int(1)};
    if (is_stray(lane)) return true;
  }
}

std::vector<int64_t> FindStray(Connection& db, IsStray is_stray, size_t limit) {
  std::vector<int64_t> stray;
  for (const LaneWalk& walk : kWalks) {
    for (Lane lane; stray.size() < limit && NextStray(db, walk, is_stray, lane);) {
      Query query(db, walk.ids_in_lane, lane.campaign_id, lane.route_id, limit - stray.size());
      for (const int64_t id : ReadIds(query)) stray.push_back(id);
    }
  }
  return stray;
}

// Whether the lane's route is none of its campaign's channel.
bool IsOnNoRoute(const std::vector<DispatchStore::KnownRoute>& routes, const CampaignRow* campaign,
                 const Lane& lane) {
  if (campaign == nullptr) return false;
  return std::none_of(routes.begin(), routes.end(), [&](const auto& route) {
    return route.id == lane.route_id && route.channel == campaign->campaign.channel;
  });
}

std::string ReadRecipient(Connection& db, int64_t message_id) {
  Query query(db, sql::kReadRecipient, message_id);
  return query.Step() ? query.String(0) : "";
}

void Reroute(Transaction& transaction, const RoutePicker& pick, int64_t message_id,
             absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), message_id);
  if (!before.has_value()) return;
  const CampaignRowPtr campaign = transaction.FindCampaign(before->campaign_id);
  const auto picked = pick(campaign->campaign.channel, ReadRecipient(transaction.db(), message_id));
  if (!picked.has_value()) {
    return EndMessages(transaction, {message_id}, domain::MessageState::kRejected,
                       domain::StateReason::kNoRoute, now);
  }
  MessageRow after = *before;
  after.route_id = picked->id;
  after.cost = before->segments * picked->price_micros;
  Query(transaction.db(), sql::kReroute, message_id, after.route_id, after.cost).Run();
  MoveMessage(transaction, *before, after, now);
  if (!after.due.has_value()) transaction.AddReadyLane(after.campaign_id, after.route_id);
}

}  // namespace

absl::StatusOr<int64_t> SqliteStore::InternRoute(const std::string& name) {
  if (auto cached = caches_.route_ids.Find(name)) return *cached;
  return Write([&](Transaction& transaction) -> absl::StatusOr<int64_t> {
    int64_t route_id = 0;
    {
      Query query(transaction.db(), kFindRoute, name);
      if (query.Step()) route_id = query.Int(0);
    }
    if (route_id == 0) {
      Query query(transaction.db(), kInsertRoute, name);
      query.Step();
      route_id = query.Int(0);
    }
    transaction.effects().publish.emplace_back([this, name, route_id] {
      caches_.route_ids.Put(name, route_id);
      caches_.route_names.Put(route_id, name);
    });
    return route_id;
  });
}

absl::StatusOr<std::string> SqliteStore::GetRouteName(int64_t route_id) {
  if (auto cached = caches_.route_names.Find(route_id)) return *cached;
  const uint64_t version = caches_.route_names.Version();
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::string> {
    Query query(db, kGetRouteName, route_id);
    if (!query.Step()) return domain::errors::RouteNotFound(route_id);
    std::string name = query.String(0);
    caches_.route_names.PutLoaded(route_id, name, version);
    return name;
  });
}

absl::StatusOr<StepResult> SqliteStore::RerouteStray(const std::vector<KnownRoute>& routes,
                                                     const RoutePicker& pick, absl::Time now,
                                                     int32_t limit) {
  // Nearly always there is none: the writer has other things to do than to look.
  ASSIGN_OR_RETURN(const bool has_stray, readers_.Read([&](Connection& db) -> absl::StatusOr<bool> {
    const auto is_stray = [&](const Lane& lane) {
      const auto campaign = FindCampaignRow(db, caches_, lane.campaign_id);
      return IsOnNoRoute(routes, campaign.get(), lane);
    };
    return !FindStray(db, is_stray, 1).empty();
  }));
  if (!has_stray) return StepResult{};
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    const auto is_stray = [&](const Lane& lane) {
      return IsOnNoRoute(routes, transaction.FindCampaign(lane.campaign_id).get(), lane);
    };
    const auto size = static_cast<size_t>(limit);
    const std::vector<int64_t> ids = FindStray(transaction.db(), is_stray, size);
    for (const int64_t id : ids) Reroute(transaction, pick, id, now);
    return StepResult{static_cast<int32_t>(ids.size()), ids.size() >= size};
  });
}

}  // namespace campaigner::storage::sqlite

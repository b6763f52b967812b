#include <utility>

#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

constexpr char kFindRoute[] = "SELECT id FROM route WHERE name = ?1";
constexpr char kInsertRoute[] = "INSERT INTO route (name) VALUES (?1) RETURNING id";
constexpr char kGetRouteName[] = "SELECT name FROM route WHERE id = ?1";

// Up to `limit` ids on lanes whose route is not among `known`. `next_lane` walks the lanes, one
// seek for each; `ids_in_lane` reads one.
struct LaneWalk {
  const char* next_lane;
  const char* ids_in_lane;
};

std::vector<std::pair<Lane, int64_t>> FindStray(Connection& db, const LaneWalk& walk,
                                                const std::vector<int64_t>& known, size_t limit) {
  std::vector<std::pair<Lane, int64_t>> stray;
  Lane lane;
  while (stray.size() < limit) {
    {
      Query next(db, walk.next_lane, lane.campaign_id, lane.route_id);
      if (!next.Step()) break;
      lane = {next.Int(0), next.Int(1)};
    }
    if (std::find(known.begin(), known.end(), lane.route_id) != known.end()) continue;
    Query query(db, walk.ids_in_lane, lane.campaign_id, lane.route_id, limit - stray.size());
    for (const int64_t id : ReadIds(query)) stray.emplace_back(lane, id);
  }
  return stray;
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

absl::StatusOr<StepResult> SqliteStore::RerouteUnknown(const std::vector<int64_t>& route_ids,
                                                       int64_t fallback_route_id, int32_t limit) {
  std::vector<int64_t> known = route_ids;
  known.push_back(fallback_route_id);
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    Connection& db = transaction.db();
    const auto size = static_cast<size_t>(limit);
    size_t moved = 0;
    for (const auto& [lane, id] :
         FindStray(db, {sql::kNextReadyLane, sql::kReadyIdsInLane}, known, size)) {
      Query(db, sql::kReroute, id, fallback_route_id).Run();
      transaction.AddReadyLane(lane.campaign_id, fallback_route_id);
      ++moved;
    }
    for (const auto& [lane, id] :
         FindStray(db, {sql::kNextWaitingLane, sql::kWaitingIdsInLane}, known, size - moved)) {
      Query(db, sql::kReroute, id, fallback_route_id).Run();
      ++moved;
    }
    return StepResult{static_cast<int32_t>(moved), moved >= size};
  });
}

}  // namespace campaigner::storage::sqlite

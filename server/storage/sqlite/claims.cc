#include <algorithm>
#include <utility>

#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::CampaignState;
using domain::MessageState;

bool IsRunning(Transaction& transaction, int64_t campaign_id) {
  const CampaignRowPtr row = transaction.FindCampaign(campaign_id);
  return row != nullptr && row->campaign.state == CampaignState::kRunning;
}

// What stands in the four columns from `column` on: those that ready and lapsed messages share.
void ReadBody(const Query& query, int column, ClaimedMessage& message) {
  message.recipient = query.String(column);
  if (!query.IsNull(column + 1)) message.text = query.String(column + 1);
  message.template_version = query.Int32(column + 2);
  message.fields = FieldsFromJson(query.Text(column + 3));
}

// One claim in the making.
class Claiming {
 public:
  Claiming(Transaction& transaction, absl::Time now)
      : transaction_(transaction), now_(now), claim_id_(transaction.NextIds(Sequence::kClaim, 1)) {}

  void TakeLane(const LaneClaim& lane) {
    const size_t first = claimed_.messages.size();
    Amount taken;
    if (IsRunning(transaction_, lane.campaign_id)) taken = ReadLane(lane);
    const size_t count = claimed_.messages.size() - first;
    if (count < static_cast<size_t>(lane.limit)) claimed_.drained.push_back(lane);
    if (count == 0) return;
    for (size_t i = first; i < claimed_.messages.size(); ++i) {
      Query(transaction_.db(), sql::kMarkClaimed, claimed_.messages[i].id, claim_id_).Run();
    }
    transaction_.Count(lane.campaign_id, MessageState::kAccepted, -taken);
    transaction_.CountArrival(lane.campaign_id, MessageState::kSending, taken, now_);
  }

  // After the last lane.
  Claimed Finish(const std::string& owner, absl::Time lease_end) {
    if (claimed_.messages.empty()) return std::move(claimed_);
    std::vector<int64_t> ids;
    for (const ClaimedMessage& message : claimed_.messages) ids.push_back(message.id);
    std::sort(ids.begin(), ids.end());
    const std::string blob = IdsToBlob(ids);
    Query(transaction_.db(), sql::kInsertClaim, claim_id_, owner, ToColumn(lease_end), Blob{blob})
        .Run();
    transaction_.effects().claimed[claim_id_] += static_cast<int64_t>(ids.size());
    return std::move(claimed_);
  }

 private:
  // Adds the lane's oldest messages; what they come to.
  Amount ReadLane(const LaneClaim& lane) {
    Amount taken;
    Query query(transaction_.db(), sql::kReadyInLane, lane.campaign_id, lane.route_id, lane.limit);
    while (query.Step()) {
      ClaimedMessage& message = claimed_.messages.emplace_back();
      message.id = query.Int(0);
      message.campaign_id = lane.campaign_id;
      message.route_id = lane.route_id;
      message.claim_id = claim_id_;
      message.attempt_number = query.Int32(1) + 1;
      taken += {1, query.Int(2), query.Int(10)};
      message.eligible_open_time = absl::Microseconds(query.Int(3));
      message.create_time = TimeFrom(query.Int(4));
      ReadBody(query, 5, message);
      message.attempt_base = query.Int32(11);
      message.round = query.Int32(12);
      if (transaction_.is_watched()) Tell(message, query.String(9));
    }
    return taken;
  }

  void Tell(const ClaimedMessage& message, std::string external_id) {
    const CampaignRowPtr campaign = transaction_.FindCampaign(message.campaign_id);
    transaction_.effects().message_changes.push_back(
        {message.id, message.campaign_id, campaign->campaign.account_id, std::move(external_id),
         MessageState::kAccepted, MessageState::kSending, domain::StateReason::kNone, now_});
  }

  Transaction& transaction_;
  const absl::Time now_;
  const int64_t claim_id_;
  Claimed claimed_;
};

void ReadLapsed(Connection& db, int64_t claim_id, int64_t message_id,
                std::vector<ClaimedMessage>& lapsed) {
  Query query(db, sql::kReadLapsed, message_id, claim_id);
  if (!query.Step()) return;
  ClaimedMessage& message = lapsed.emplace_back();
  message.id = message_id;
  message.claim_id = claim_id;
  message.campaign_id = query.Int(0);
  message.route_id = query.Int(1);
  message.attempt_number = query.Int32(2) + 1;
  message.eligible_open_time = absl::Microseconds(query.Int(3));
  message.create_time = TimeFrom(query.Int(4));
  ReadBody(query, 5, message);
  message.attempt_base = query.Int32(9);
  message.round = query.Int32(10);
}

}  // namespace

void SqliteStore::ClaimMessages(std::vector<LaneClaim> lanes, const std::string& owner,
                                absl::Time lease_end, absl::Time now, ClaimDone done) {
  size_t rows = 1;
  for (const LaneClaim& lane : lanes) rows += static_cast<size_t>(lane.limit);
  auto run = [lanes = std::move(lanes), owner, lease_end,
              now](Transaction& transaction) -> absl::StatusOr<Claimed> {
    Claiming claiming(transaction, now);
    for (const LaneClaim& lane : lanes) claiming.TakeLane(lane);
    return claiming.Finish(owner, lease_end);
  };
  writer_.Submit<decltype(run), absl::StatusOr<Claimed>>({.rows = rows}, Admission::kAlways,
                                                         std::move(run), std::move(done));
}

absl::Status SqliteStore::RenewLeases(const std::string& owner, absl::Time lease_end) {
  return Write([&](Transaction& transaction) -> absl::Status {
    Query(transaction.db(), sql::kRenewLeases, owner, ToColumn(lease_end)).Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ClaimedMessage>> SqliteStore::ListLapsedClaims(absl::Time now,
                                                                          int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<ClaimedMessage>> {
    std::vector<ClaimedMessage> lapsed;
    Query claims(db, sql::kLapsedClaims, ToColumn(now));
    while (lapsed.size() < static_cast<size_t>(limit) && claims.Step()) {
      for (const int64_t message_id : IdsFromBlob(claims.Text(1))) {
        ReadLapsed(db, claims.Int(0), message_id, lapsed);
        if (lapsed.size() >= static_cast<size_t>(limit)) break;
      }
    }
    std::sort(lapsed.begin(), lapsed.end(),
              [](const ClaimedMessage& a, const ClaimedMessage& b) { return a.id < b.id; });
    return lapsed;
  });
}

absl::Status SqliteStore::LapseOtherClaims(const std::string& owner, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::Status {
    Query(transaction.db(), sql::kLapseOthers, owner, ToColumn(now)).Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<LaneClaim>> SqliteStore::ListReadyLanes(int64_t after_campaign_id,
                                                                   int64_t after_route_id,
                                                                   int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<LaneClaim>> {
    std::vector<LaneClaim> lanes;
    Query campaigns(db, sql::kRunningCampaigns, after_campaign_id);
    while (campaigns.Step()) {
      const int64_t campaign_id = campaigns.Int(0);
      int64_t route_id = campaign_id == after_campaign_id ? after_route_id : 0;
      while (true) {
        Query next(db, sql::kNextReadyRoute, campaign_id, route_id);
        if (!next.Step()) break;
        route_id = next.Int(0);
        lanes.push_back({campaign_id, route_id, 0});
        if (lanes.size() >= static_cast<size_t>(limit)) return lanes;
      }
    }
    return lanes;
  });
}

}  // namespace campaigner::storage::sqlite

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/operation_rows.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::CampaignState;
using domain::MessageState;

// Rows looked at for each row that may fit, so that the look at what stays is short.
constexpr size_t kLookedAtPerRow = 8;

// Whether a message may be sent again.
class Fitness {
 public:
  Fitness(int64_t campaign_id, const RetryFilter& filter)
      : campaign_id_(campaign_id),
        states_(StateMask(filter.states)),
        // Somebody else took its place, and is written to in its stead.
        reasons_(StateMask(filter.reasons) &
                 ~(int64_t{1} << static_cast<int>(domain::StateReason::kReplaced))) {}

  bool Fits(int64_t campaign_id, int64_t state, int64_t reason, bool is_erased) const {
    return campaign_id == campaign_id_ && domain::IsFinal(static_cast<MessageState>(state)) &&
           ((states_ >> state) & 1) != 0 && ((reasons_ >> reason) & 1) != 0 && !is_erased;
  }
  bool Fits(const MessageRow& row) const {
    return Fits(row.campaign_id, static_cast<int64_t>(row.state), static_cast<int64_t>(row.reason),
                row.is_erased);
  }

 private:
  const int64_t campaign_id_;
  const int64_t states_;
  const int64_t reasons_;
};

// Upwards through the campaign's ids.
class FailedReader {
 public:
  FailedReader(Connection& db, int64_t campaign_id, const RetryFilter& filter, int32_t limit)
      : db_(db),
        campaign_id_(campaign_id),
        fitness_(campaign_id, filter),
        limit_(static_cast<size_t>(limit)) {}

  FailedMessages Read(int64_t after_id) {
    int64_t first_id = after_id + 1;
    while (true) {
      int64_t last_id = 0;
      {
        Query extent(db_, sql::kExtentAfter, campaign_id_, first_id);
        if (!extent.Step()) return std::move(failed_);
        first_id = std::max(first_id, extent.Int(0));
        last_id = extent.Int(1);
      }
      if (ReadExtent(first_id, last_id)) return std::move(failed_);
      first_id = last_id + 1;
    }
  }

 private:
  // True where there is enough.
  bool ReadExtent(int64_t first_id, int64_t last_id) {
    Query query(db_, sql::kReadForRetry, first_id, last_id);
    while (query.Step()) {
      const int64_t id = query.Int(0);
      if (fitness_.Fits(query.Int(1), query.Int(2), query.Int(3), query.Int(4) != 0)) {
        Query body(db_, sql::kReadRecipient, id);
        if (body.Step()) failed_.messages.push_back({id, body.String(0), query.Int32(5)});
      }
      if (failed_.messages.size() >= limit_ || ++looked_at_ >= limit_ * kLookedAtPerRow) {
        failed_.next_after_id = id;
        return true;
      }
    }
    return false;
  }

  Connection& db_;
  const int64_t campaign_id_;
  const Fitness fitness_;
  const size_t limit_;
  FailedMessages failed_;
  size_t looked_at_ = 0;
};

// False: it is not as it was when it was found.
bool BeginRound(Transaction& transaction, const MessageAgain& message, const Fitness& fitness,
                const CampaignRow& campaign, absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), message.id);
  if (!before.has_value() || !fitness.Fits(*before)) return false;
  MessageRow after = *before;
  after.state = MessageState::kAccepted;
  after.reason = domain::StateReason::kNone;
  after.route_id = message.route_id;
  after.cost = message.cost_micros;
  after.due.reset();
  after.send_time.reset();
  after.final_time.reset();
  Query(transaction.db(), sql::kBeginAgain, message.id, ToColumn(campaign.OpenTime(now)),
        message.route_id, message.cost_micros)
      .Run();
  MoveMessage(transaction, *before, after, now);
  return true;
}

// A campaign that ended because all was sent runs again.
absl::StatusOr<CampaignRowPtr> ReopenCampaign(Transaction& transaction, int64_t campaign_id,
                                              absl::Time now) {
  CampaignRowPtr before = transaction.FindCampaign(campaign_id);
  if (before == nullptr) return domain::errors::CampaignNotFound(campaign_id);
  RETURN_IF_ERROR(domain::CheckRetry(before->campaign, now));
  if (domain::AcceptsMessages(before->campaign.state)) return before;
  CampaignRow row = *before;
  row.campaign.state = CampaignState::kRunning;
  row.campaign.update_time = now;
  ++row.campaign.revision;
  WriteCampaign(transaction.db(), row);
  auto reopened = std::make_shared<const CampaignRow>(std::move(row));
  transaction.effects().changed_campaigns.push_back(campaign_id);
  transaction.PutCampaign(reopened);
  return CampaignRowPtr(reopened);
}

}  // namespace

absl::StatusOr<FailedMessages> SqliteStore::FindFailed(int64_t campaign_id,
                                                       const RetryFilter& filter, int64_t after_id,
                                                       int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<FailedMessages> {
    return FailedReader(db, campaign_id, filter, limit).Read(after_id);
  });
}

absl::StatusOr<int32_t> SqliteStore::SendAgain(const OperationStep& step, const RetryFilter& filter,
                                               const std::vector<MessageAgain>& messages,
                                               absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<int32_t> {
    ASSIGN_OR_RETURN(const domain::Operation operation, CheckStep(transaction, step));
    int32_t retried = 0;
    if (!messages.empty()) {
      const Fitness fitness(operation.campaign_id, filter);
      ASSIGN_OR_RETURN(const CampaignRowPtr campaign,
                       ReopenCampaign(transaction, operation.campaign_id, now));
      for (const MessageAgain& message : messages) {
        if (BeginRound(transaction, message, fitness, *campaign, now)) ++retried;
      }
    }
    const auto left_out = static_cast<int64_t>(messages.size()) - retried;
    OperationStep taken = step;
    taken.messages = retried;
    taken.done_units -= left_out;
    taken.total_units -= left_out;
    PutStep(transaction, taken, now);
    return retried;
  });
}

}  // namespace campaigner::storage::sqlite

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::CampaignState;
using domain::MessageState;

// Rows looked at for each row that may change, so that a step over what stays is short.
constexpr size_t kLookedAtPerRow = 8;

// Messages to be sent again, of one step.
struct Failed {
  std::vector<int64_t> ids;
  // Where the next step begins; 0: nothing is left.
  int64_t next_after_id = 0;
};

// Upwards through the campaign's ids.
class FailedReader {
 public:
  FailedReader(Connection& db, int64_t campaign_id, const RetryFilter& filter, int32_t limit)
      : db_(db),
        campaign_id_(campaign_id),
        state_mask_(StateMask(filter.states)),
        reason_mask_(StateMask(filter.reasons)),
        limit_(static_cast<size_t>(limit)) {}

  Failed Read(int64_t after_id) {
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
  // True where the step is full.
  bool ReadExtent(int64_t first_id, int64_t last_id) {
    Query query(db_, sql::kReadForRetry, first_id, last_id);
    while (query.Step()) {
      if (Fits(query)) failed_.ids.push_back(query.Int(0));
      if (failed_.ids.size() >= limit_ || ++looked_at_ >= limit_ * kLookedAtPerRow) {
        failed_.next_after_id = query.Int(0);
        return true;
      }
    }
    return false;
  }

  bool Fits(const Query& query) const {
    const int64_t state = query.Int(2);
    return query.Int(1) == campaign_id_ && domain::IsFinal(static_cast<MessageState>(state)) &&
           ((state_mask_ >> state) & 1) != 0 && ((reason_mask_ >> query.Int(3)) & 1) != 0 &&
           // The erased are never sent again.
           !query.Text(4).empty();
  }

  Connection& db_;
  const int64_t campaign_id_;
  const int64_t state_mask_;
  const int64_t reason_mask_;
  const size_t limit_;
  Failed failed_;
  size_t looked_at_ = 0;
};

void SendAgain(Transaction& transaction, int64_t message_id, const CampaignRow& campaign,
               absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), message_id);
  if (!before.has_value()) return;
  MessageRow after = *before;
  after.state = MessageState::kAccepted;
  after.reason = domain::StateReason::kNone;
  after.due.reset();
  after.send_time.reset();
  after.final_time.reset();
  Query(transaction.db(), sql::kBeginAgain, message_id, ToColumn(campaign.OpenTime(now))).Run();
  MoveMessage(transaction, *before, after, now);
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

absl::StatusOr<RetryStep> SqliteStore::RetryFailed(int64_t campaign_id, const RetryFilter& filter,
                                                   int64_t after_id, absl::Time now,
                                                   int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<RetryStep> {
    const Failed failed = FailedReader(transaction.db(), campaign_id, filter, limit).Read(after_id);
    if (!failed.ids.empty()) {
      ASSIGN_OR_RETURN(const CampaignRowPtr campaign,
                       ReopenCampaign(transaction, campaign_id, now));
      for (const int64_t id : failed.ids) SendAgain(transaction, id, *campaign, now);
    }
    return RetryStep{static_cast<int32_t>(failed.ids.size()), failed.next_after_id};
  });
}

}  // namespace campaigner::storage::sqlite

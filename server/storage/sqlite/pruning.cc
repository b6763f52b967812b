#include <algorithm>
#include <set>
#include <utility>

#include "server/base/limits.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/operation_rows.h"
#include "server/storage/sqlite/secure_delete.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

// Rows looked at for each row that may be deleted, so that a step over what has to stay is short.
constexpr int64_t kLookedAtPerRow = 8;

// How far a round came: the last id looked at, 0 after the last row.
struct Progress {
  int64_t last_id = 0;
  int32_t deleted = 0;
};

// What is still to be posted is posted.
void DeleteMessage(Transaction& transaction, int64_t message_id) {
  for (const char* sql : {sql::kDeleteMessage, sql::kDeleteBody, sql::kDeleteAttempts}) {
    Query(transaction.db(), sql, message_id).Run();
  }
  DeleteWebhooks(transaction, message_id, /*with_pending=*/false);
}

// What a step deleted.
struct Deleted {
  std::set<int64_t> campaign_ids;
  int64_t first_id = INT64_MAX;
  int64_t last_id = 0;
};

// Extents and runs go when no message is left between their ends.
void DeleteExtents(Transaction& transaction, const Deleted& deleted) {
  if (deleted.campaign_ids.empty()) return;
  Connection& db = transaction.db();
  for (const int64_t campaign_id : deleted.campaign_ids) {
    std::vector<int64_t> empty;
    {
      Query query(db, sql::kExtentsWithin, campaign_id, deleted.first_id, deleted.last_id);
      while (query.Step()) {
        const bool is_empty = !Query(db, sql::kHasMessageWithin, query.Int(0), query.Int(1)).Step();
        if (is_empty) empty.push_back(query.Int(0));
      }
    }
    for (const int64_t first_id : empty) Query(db, sql::kDeleteExtent, campaign_id, first_id).Run();
  }
  transaction.ForgetExtents();
  PruneRuns(db, deleted.first_id, deleted.last_id);
}

struct OldMessage {
  int64_t id = 0;
  int64_t campaign_id = 0;
  bool is_old = false;
};

// Ids ascend with time: behind the first message that came at `before` or later nothing is old, and
// only what deleted campaigns left (`with_orphans`) is looked for.
std::vector<OldMessage> ListOldest(Connection& db, int64_t after_id, absl::Time before,
                                   bool with_orphans, int64_t limit) {
  std::vector<OldMessage> candidates;
  Query query(db, sql::kOldMessages, after_id, limit);
  while (query.Step()) {
    if (!with_orphans && query.Int(4) >= ToColumn(before)) break;
    const bool is_final = domain::IsFinal(static_cast<domain::MessageState>(query.Int(2)));
    candidates.push_back({query.Int(0), query.Int(1), is_final && query.Int(3) < ToColumn(before)});
  }
  return candidates;
}

Progress PruneMessages(Transaction& transaction, int64_t after_id, absl::Time before,
                       bool with_orphans, int32_t limit) {
  const std::vector<OldMessage> candidates =
      ListOldest(transaction.db(), after_id, before, with_orphans, limit * kLookedAtPerRow);
  Progress progress;
  Deleted deleted;
  for (const OldMessage& candidate : candidates) {
    if (progress.deleted >= limit) break;
    progress.last_id = candidate.id;
    const bool is_orphan = transaction.FindCampaign(candidate.campaign_id) == nullptr;
    if (!candidate.is_old && !is_orphan) continue;
    DeleteMessage(transaction, candidate.id);
    deleted.campaign_ids.insert(candidate.campaign_id);
    deleted.first_id = std::min(deleted.first_id, candidate.id);
    deleted.last_id = candidate.id;
    ++progress.deleted;
  }
  const bool is_end =
      progress.deleted < limit && candidates.size() < static_cast<size_t>(limit * kLookedAtPerRow);
  if (is_end) progress.last_id = 0;
  DeleteExtents(transaction, deleted);
  return progress;
}

// A delivery is as old as its message's end.
Progress PruneWebhooks(Connection& db, int64_t after_id, absl::Time before, int32_t limit) {
  struct Candidate {
    int64_t id;
    bool is_over;
  };
  std::vector<Candidate> candidates;
  {
    Query query(db, sql::kOldWebhooks, after_id, limit * kLookedAtPerRow);
    while (query.Step() && query.Int(2) < ToColumn(before)) {
      const bool is_over =
          static_cast<domain::WebhookState>(query.Int(1)) != domain::WebhookState::kPending;
      candidates.push_back({query.Int(0), is_over});
    }
  }
  Progress progress;
  for (const Candidate& candidate : candidates) {
    if (progress.deleted >= limit) break;
    progress.last_id = candidate.id;
    if (!candidate.is_over) continue;
    Query(db, sql::kDeleteWebhook, candidate.id).Run();
    ++progress.deleted;
  }
  const bool is_end =
      progress.deleted < limit && candidates.size() < static_cast<size_t>(limit * kLookedAtPerRow);
  if (is_end) progress.last_id = 0;
  return progress;
}

// Minutes of the time series; `last_id` is a campaign's.
Progress PruneSeries(Transaction& transaction, int64_t after_campaign_id, absl::Time before,
                     int32_t limit) {
  Connection& db = transaction.db();
  Progress progress{.last_id = after_campaign_id};
  for (int looked_at = 0; looked_at < limit && progress.deleted < limit; ++looked_at) {
    int64_t campaign_id = 0;
    {
      Query next(db, sql::kNextSeries, progress.last_id);
      if (!next.Step()) {
        progress.last_id = 0;
        break;
      }
      campaign_id = next.Int(0);
    }
    const bool is_orphan = transaction.FindCampaign(campaign_id) == nullptr;
    const int64_t before_minute = is_orphan ? INT64_MAX : ToMinute(before);
    std::vector<std::pair<int64_t, int64_t>> old;
    {
      Query query(db, sql::kOldSeries, campaign_id, before_minute, limit - progress.deleted);
      while (query.Step()) old.emplace_back(query.Int(0), query.Int(1));
    }
    for (const auto& [minute, state] : old) {
      Query(db, sql::kDeleteSeries, campaign_id, minute, state).Run();
    }
    progress.deleted += static_cast<int32_t>(old.size());
    if (progress.deleted < limit) progress.last_id = campaign_id;
  }
  return progress;
}

int32_t PruneRequests(Connection& db, absl::Time now, int32_t limit) {
  struct Key {
    int64_t account_id;
    int64_t kind;
    std::string request_id;
  };
  std::vector<Key> keys;
  {
    Query query(db, sql::kOldRequests, ToColumn(now - base::limits::kIdempotencyWindow), limit);
    while (query.Step()) keys.push_back({query.Int(0), query.Int(1), query.String(2)});
  }
  for (const Key& key : keys) {
    Query(db, sql::kDeleteRequest, key.account_id, key.kind, key.request_id).Run();
  }
  return static_cast<int32_t>(keys.size());
}

}  // namespace

absl::StatusOr<StepResult> SqliteStore::Prune(absl::Time before, absl::Time now, int32_t limit) {
  // One round at a time: its place is taken back only when the step was committed.
  base::MutexLock lock(prune_mutex_);
  Progress messages;
  Progress webhooks;
  Progress series;
  // After a start too: nobody knows what was deleted before.
  if (pruned_message_id_ == 0) prunes_orphans_ = has_orphans_.exchange(false);
  absl::StatusOr<StepResult> result =
      Write([&, message_id = pruned_message_id_, webhook_id = pruned_webhook_id_,
             series_id = pruned_series_id_, with_orphans = prunes_orphans_](
                Transaction& transaction) -> absl::StatusOr<StepResult> {
        // What is past its time is not to be found in what the file keeps free.
        const SecureDelete secure_delete(transaction.db());
        messages = PruneMessages(transaction, message_id, before, with_orphans, limit);
        webhooks = PruneWebhooks(transaction.db(), webhook_id, before, limit);
        series = PruneSeries(transaction, series_id, before, limit);
        const int32_t requests = PruneRequests(transaction.db(), now, limit);
        const int32_t operations = PruneOperations(transaction.db(), before, limit);
        return StepResult{.rows = messages.deleted + webhooks.deleted + requests + operations,
                          .more = messages.last_id != 0 || webhooks.last_id != 0 ||
                                  series.last_id != 0 || series.deleted >= limit ||
                                  requests >= limit || operations >= limit};
      });
  if (!result.ok()) {
    // The round may not have begun.
    if (prunes_orphans_) has_orphans_ = true;
    return result;
  }
  pruned_message_id_ = messages.last_id;
  pruned_webhook_id_ = webhooks.last_id;
  pruned_series_id_ = series.last_id;
  return result;
}

}  // namespace campaigner::storage::sqlite

#include <algorithm>
#include <utility>

#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;

// A full step may have left something.
StepResult Step(size_t rows, int32_t limit) {
  return {static_cast<int32_t>(rows), rows >= static_cast<size_t>(limit)};
}

std::optional<absl::Time> ReadTime(Connection& db, const char* sql) {
  Query query(db, sql);
  return query.Step() ? std::optional(TimeFrom(query.Int(0))) : std::nullopt;
}

// The waiting becomes ready; its Sending Timeout runs from now on unless it did before.
void Promote(Transaction& transaction, int64_t message_id, absl::Time now) {
  const std::optional<MessageRow> message = FindMessage(transaction.db(), message_id);
  if (!message.has_value()) return;
  const CampaignRowPtr campaign = transaction.FindCampaign(message->campaign_id);
  const absl::Duration open = campaign == nullptr ? absl::ZeroDuration() : campaign->OpenTime(now);
  Query(transaction.db(), sql::kPromote, message_id, ToColumn(open)).Run();
  transaction.AddReadyLane(message->campaign_id, message->route_id);
}

std::vector<int64_t> FindEligibleBefore(Connection& db, int64_t campaign_id,
                                        absl::Duration eligible_before, int32_t limit) {
  std::vector<int64_t> ids;
  int64_t route_id = 0;
  while (ids.size() < static_cast<size_t>(limit)) {
    {
      Query next(db, sql::kNextReadyRoute, campaign_id, route_id);
      if (!next.Step()) break;
      route_id = next.Int(0);
    }
    Query query(db, sql::kEligibleBefore, campaign_id, route_id, ToColumn(eligible_before),
                static_cast<size_t>(limit) - ids.size());
    for (const int64_t id : ReadIds(query)) ids.push_back(id);
  }
  return ids;
}

bool HasMessages(Transaction& transaction, int64_t campaign_id) {
  for (int state = 1; state < domain::kMessageStateCount; ++state) {
    if (transaction.CountInState(campaign_id, static_cast<MessageState>(state)) != 0) return true;
  }
  return false;
}

// A campaign that messages move on. One that leaves RUNNING is closed.
void Move(Transaction& transaction, const CampaignRow& before, CampaignState state,
          absl::Time now) {
  CampaignRow row = before;
  row.campaign.state = state;
  row.campaign.update_time = now;
  ++row.campaign.revision;
  row.open_time = before.OpenTime(now);
  row.open_since.reset();
  WriteCampaign(transaction.db(), row);
  transaction.effects().changed_campaigns.push_back(row.campaign.id);
  transaction.PutCampaign(std::make_shared<const CampaignRow>(std::move(row)));
}

}  // namespace

absl::StatusOr<StepResult> SqliteStore::PromoteDue(absl::Time now, int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    std::vector<int64_t> ids;
    {
      Query query(transaction.db(), sql::kDueIds, ToColumn(now), limit);
      ids = ReadIds(query);
    }
    for (const int64_t id : ids) Promote(transaction, id, now);
    return Step(ids.size(), limit);
  });
}

absl::StatusOr<std::optional<WaitingMessages>> SqliteStore::PeekWaiting(int64_t campaign_id) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::optional<WaitingMessages>> {
    std::optional<WaitingMessages> waiting;
    Query query(db, sql::kWaitingOfCampaign, campaign_id);
    while (query.Step()) {
      if (!waiting.has_value()) waiting = {.next_due = absl::InfiniteFuture(), .is_quiet = true};
      waiting->next_due = std::min(waiting->next_due, TimeFrom(query.Int(0)));
      waiting->is_quiet = waiting->is_quiet && query.Int(1) != 0;
    }
    return waiting;
  });
}

absl::StatusOr<std::optional<absl::Time>> SqliteStore::NextPromotion() {
  return readers_.Read([](Connection& db) -> absl::StatusOr<std::optional<absl::Time>> {
    return ReadTime(db, sql::kNextDue);
  });
}

absl::StatusOr<StepResult> SqliteStore::ExpireReady(int64_t campaign_id,
                                                    absl::Duration eligible_before, absl::Time now,
                                                    int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    const std::vector<int64_t> ids =
        FindEligibleBefore(transaction.db(), campaign_id, eligible_before, limit);
    EndMessages(transaction, ids, MessageState::kExpired, StateReason::kSendingTimeout, now);
    return Step(ids.size(), limit);
  });
}

absl::StatusOr<StepResult> SqliteStore::ExpireStatuses(absl::Time now, int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    std::vector<int64_t> ids;
    {
      Query query(transaction.db(), sql::kStatusDueIds, ToColumn(now), limit);
      ids = ReadIds(query);
    }
    EndMessages(transaction, ids, MessageState::kExpired, StateReason::kStatusTimeout, now);
    return Step(ids.size(), limit);
  });
}

absl::StatusOr<std::optional<absl::Time>> SqliteStore::NextStatusDeadline() {
  return readers_.Read([](Connection& db) -> absl::StatusOr<std::optional<absl::Time>> {
    return ReadTime(db, sql::kNextStatusDue);
  });
}

absl::StatusOr<StepResult> SqliteStore::EndWaiting(int64_t campaign_id, MessageState state,
                                                   StateReason reason, absl::Time now,
                                                   int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<StepResult> {
    size_t ended = 0;
    for (const char* sql : {sql::kReadyIdsOfCampaign, sql::kWaitingIdsOfCampaign}) {
      std::vector<int64_t> ids;
      {
        Query query(transaction.db(), sql, campaign_id, static_cast<size_t>(limit) - ended);
        ids = ReadIds(query);
      }
      EndMessages(transaction, ids, state, reason, now);
      ended += ids.size();
    }
    return Step(ended, limit);
  });
}

absl::StatusOr<bool> SqliteStore::FinishIfSent(int64_t campaign_id, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<bool> {
    const CampaignRowPtr before = transaction.FindCampaign(campaign_id);
    if (before == nullptr) return domain::errors::CampaignNotFound(campaign_id);
    if (before->campaign.state != CampaignState::kRunning) return false;
    if (!before->campaign.finish_when_sent) return false;
    for (const MessageState state : {MessageState::kAccepted, MessageState::kSending}) {
      if (transaction.CountInState(campaign_id, state) != 0) return false;
    }
    if (!HasMessages(transaction, campaign_id)) return false;
    // More is on its way.
    if (Query(transaction.db(), sql::kRunningImport, campaign_id).Step()) return false;
    if (Query(transaction.db(), sql::kRunningRetry, campaign_id).Step()) return false;
    Move(transaction, *before, CampaignState::kSent, now);
    return true;
  });
}

absl::StatusOr<bool> SqliteStore::FinishIfDone(int64_t campaign_id, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<bool> {
    const CampaignRowPtr before = transaction.FindCampaign(campaign_id);
    if (before == nullptr) return domain::errors::CampaignNotFound(campaign_id);
    if (before->campaign.state != CampaignState::kSent) return false;
    if (transaction.CountOpen(campaign_id) != 0) return false;
    Move(transaction, *before, CampaignState::kDone, now);
    return true;
  });
}

}  // namespace campaigner::storage::sqlite

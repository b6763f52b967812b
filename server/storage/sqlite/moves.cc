#include "server/storage/sqlite/moves.h"

#include <string>
#include <utility>

#include "server/domain/webhook.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;

struct ExternalId {
  std::string value;
  bool is_number = false;
};

ExternalId ReadExternalId(Connection& connection, int64_t message_id) {
  Query query(connection, sql::kGetExternalId, message_id);
  if (!query.Step()) return {};
  return {query.String(0), query.Int(1) != 0};
}

void AddWebhook(Transaction& transaction, const CampaignRow& campaign, const MessageRow& before,
                MessageState to, const ExternalId& external_id, absl::Time now) {
  if (!campaign.webhook_endpoint_id.has_value()) return;
  if (!domain::OwesO3goWebhook(before.state, to, external_id.value)) return;
  const int64_t id = transaction.NextIds(Sequence::kWebhookDelivery, 1);
  const int64_t endpoint_id = *campaign.webhook_endpoint_id;
  const std::string payload =
      domain::O3goWebhookPayload(external_id.value, external_id.is_number, to);
  Query(transaction.db(), sql::kInsertWebhook, id, endpoint_id, before.campaign_id, before.id,
        ToColumn(now), payload)
      .Run();
  Effects& effects = transaction.effects();
  ++effects.pending_webhooks;
  if (effects.due_endpoints.empty() || effects.due_endpoints.back() != endpoint_id) {
    effects.due_endpoints.push_back(endpoint_id);
  }
}

// Webhooks and observers: what needs the campaign, or the message's wide half.
void TellOthers(Transaction& transaction, const MessageRow& before, const MessageRow& after,
                absl::Time now) {
  const bool is_end = domain::IsFinal(after.state) && !domain::IsFinal(before.state);
  if (!is_end && !transaction.is_watched()) return;
  const CampaignRowPtr campaign = transaction.FindCampaign(before.campaign_id);
  if (campaign == nullptr) return;
  const bool may_owe = is_end && campaign->webhook_endpoint_id.has_value();
  if (!may_owe && !transaction.is_watched()) return;
  ExternalId external_id = ReadExternalId(transaction.db(), before.id);
  if (may_owe) AddWebhook(transaction, *campaign, before, after.state, external_id, now);
  if (!transaction.is_watched()) return;
  transaction.effects().message_changes.push_back(
      {before.id, before.campaign_id, campaign->campaign.account_id, std::move(external_id.value),
       before.state, after.state, after.reason, now});
}

}  // namespace

std::optional<MessageRow> FindMessage(Connection& connection, int64_t message_id) {
  Query query(connection, sql::kGetMessage, message_id);
  if (!query.Step()) return std::nullopt;
  return MessageRow{.id = message_id,
                    .campaign_id = query.Int(0),
                    .route_id = query.Int(1),
                    .state = static_cast<MessageState>(query.Int(2)),
                    .reason = static_cast<domain::StateReason>(query.Int(3)),
                    .attempt_count = query.Int32(4),
                    .claim_id = query.Int(5),
                    .due = query.OptionalInt(6),
                    .segments = query.Int(7),
                    .send_time = query.OptionalInt(8),
                    .final_time = query.OptionalInt(9)};
}

void MoveMessage(Transaction& transaction, const MessageRow& before, MessageRow after,
                 absl::Time now) {
  if (domain::IsFinal(after.state)) {
    after.due.reset();
    if (!after.final_time.has_value()) after.final_time = ToColumn(now);
  }
  if (after.state != MessageState::kSending) after.claim_id = 0;
  Query(transaction.db(), sql::kMoveMessage, before.id, after.state, after.reason,
        after.attempt_count, after.claim_id, after.due, after.send_time, after.final_time)
      .Run();
  if (before.state == after.state) return;
  transaction.Count(before.campaign_id, before.state, -1, -before.segments);
  transaction.Count(before.campaign_id, after.state, 1, before.segments);
  if (before.state == MessageState::kSending) --transaction.effects().claimed[before.claim_id];
  if (after.state == MessageState::kAccepted && !after.due.has_value()) {
    transaction.AddReadyLane(before.campaign_id, before.route_id);
  }
  TellOthers(transaction, before, after, now);
}

void EndMessages(Transaction& transaction, const std::vector<int64_t>& ids, MessageState state,
                 domain::StateReason reason, absl::Time now) {
  for (const int64_t id : ids) {
    const std::optional<MessageRow> before = FindMessage(transaction.db(), id);
    if (!before.has_value()) continue;
    MessageRow after = *before;
    after.state = state;
    after.reason = reason;
    MoveMessage(transaction, *before, after, now);
  }
}

std::vector<int64_t> ReadIds(Query& query) {
  std::vector<int64_t> ids;
  while (query.Step()) ids.push_back(query.Int(0));
  return ids;
}

}  // namespace campaigner::storage::sqlite

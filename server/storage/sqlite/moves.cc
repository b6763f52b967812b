#include "server/storage/sqlite/moves.h"

#include <string>
#include <utility>

#include "server/domain/webhook.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;

// What a message counts for in its state.
Amount AmountOf(const MessageRow& row) {
  const bool is_free = domain::IsFree(row.state, row.attempt_count, row.send_time.has_value());
  return {1, row.segments, is_free ? 0 : row.cost};
}

void CountMove(Transaction& transaction, const MessageRow& before, const MessageRow& after,
               absl::Time now) {
  const Amount left = AmountOf(before);
  const Amount come = AmountOf(after);
  if (before.state == after.state) {
    if (left == come) return;
    transaction.Count(before.campaign_id, before.state, -left);
    return transaction.Count(before.campaign_id, after.state, come);
  }
  transaction.Count(before.campaign_id, before.state, -left);
  transaction.CountArrival(before.campaign_id, after.state, come, now);
}

// The price of a segment stays the one at which the message was accepted.
void SetSegments(Connection& connection, const MessageRow& before, MessageRow& after) {
  if (before.segments > 0) after.cost = before.cost / before.segments * after.segments;
  Query(connection, sql::kSetSegments, after.id, after.segments, after.cost).Run();
}

// Of the message's wide half, what others are told.
struct Addressee {
  std::string external_id;
  bool is_number = false;
  std::string recipient;
};

Addressee ReadAddressee(Connection& connection, int64_t message_id) {
  Query query(connection, sql::kGetAddressee, message_id);
  if (!query.Step()) return {};
  return {query.String(0), query.Int(1) != 0, query.String(2)};
}

// What is posted; empty: nothing.
std::string WebhookPayload(domain::WebhookEvents events, const MessageRow& before,
                           const MessageRow& after, const Addressee& addressee, absl::Time now) {
  if (events != domain::WebhookEvents::kAll) {
    if (!domain::OwesO3goWebhook(before.state, after.state, addressee.external_id)) return "";
    return domain::O3goWebhookPayload(addressee.external_id, addressee.is_number, after.state);
  }
  if (!domain::OwesEventWebhook(before.state, after.state)) return "";
  return domain::EventWebhookPayload({.message_id = after.id,
                                      .campaign_id = after.campaign_id,
                                      .external_id = addressee.external_id,
                                      .recipient = addressee.recipient,
                                      .state = after.state,
                                      .reason = after.reason,
                                      .segments = after.segments,
                                      .attempt_count = after.attempt_count,
                                      .time = now});
}

void AddWebhook(Transaction& transaction, int64_t endpoint_id, const MessageRow& message,
                const std::string& payload, absl::Time now) {
  const int64_t id = transaction.NextIds(Sequence::kWebhookDelivery, 1);
  Query(transaction.db(), sql::kInsertWebhook, id, endpoint_id, message.campaign_id, message.id,
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
  const bool may_owe = after.state >= MessageState::kSent;
  if (!may_owe && !transaction.is_watched()) return;
  const CampaignRowPtr campaign = transaction.FindCampaign(before.campaign_id);
  if (campaign == nullptr) return;
  const auto events = campaign->campaign.webhook_events;
  const bool is_end = domain::IsFinal(after.state) && !domain::IsFinal(before.state);
  const bool has_webhook = may_owe && campaign->webhook_endpoint_id.has_value() &&
                           (is_end || events == domain::WebhookEvents::kAll);
  if (!has_webhook && !transaction.is_watched()) return;
  Addressee addressee = ReadAddressee(transaction.db(), before.id);
  if (has_webhook) {
    const std::string payload = WebhookPayload(events, before, after, addressee, now);
    if (!payload.empty()) {
      AddWebhook(transaction, *campaign->webhook_endpoint_id, after, payload, now);
    }
  }
  if (!transaction.is_watched()) return;
  transaction.effects().message_changes.push_back(
      {before.id, before.campaign_id, campaign->campaign.account_id,
       std::move(addressee.external_id), before.state, after.state, after.reason, now});
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
                    .final_time = query.OptionalInt(9),
                    .cost = query.Int(10),
                    .attempt_base = query.Int32(11),
                    .round = query.Int32(12),
                    .is_erased = query.Int(13) != 0};
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
  if (after.segments != before.segments) SetSegments(transaction.db(), before, after);
  CountMove(transaction, before, after, now);
  if (before.state == after.state) return;
  if (before.state == MessageState::kSending) --transaction.effects().claimed[before.claim_id];
  if (after.state == MessageState::kAccepted && !after.due.has_value()) {
    transaction.AddReadyLane(after.campaign_id, after.route_id);
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

void DeleteWebhooks(Transaction& transaction, int64_t message_id, bool with_pending) {
  std::vector<int64_t> found;
  Effects& effects = transaction.effects();
  {
    Query query(transaction.db(), sql::kWebhooksOfMessage, message_id);
    while (query.Step()) {
      const bool is_pending =
          static_cast<domain::WebhookState>(query.Int(1)) == domain::WebhookState::kPending;
      if (is_pending && !with_pending) continue;
      found.push_back(query.Int(0));
      if (!is_pending) continue;
      // The sender may have it at hand.
      effects.deleted_webhooks.push_back({.endpoint_id = query.Int(2), .id = query.Int(0)});
      --effects.pending_webhooks;
    }
  }
  for (const int64_t id : found) Query(transaction.db(), sql::kDeleteWebhook, id).Run();
}

std::vector<int64_t> ReadIds(Query& query) {
  std::vector<int64_t> ids;
  while (query.Step()) ids.push_back(query.Int(0));
  return ids;
}

}  // namespace campaigner::storage::sqlite

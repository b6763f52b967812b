#pragma once

#include <cstdint>
#include <optional>

#include "server/domain/message.h"
#include "server/storage/sqlite/transaction.h"
#include "server/storage/store.h"

// The changing of messages. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

// What of a message may change, and what its changes depend on.
struct MessageRow {
  int64_t id = 0;
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  domain::MessageState state = domain::MessageState::kAccepted;
  domain::StateReason reason = domain::StateReason::kNone;
  int32_t attempt_count = 0;
  int64_t claim_id = 0;
  std::optional<int64_t> due;
  int64_t segments = 0;
  std::optional<int64_t> send_time;
  std::optional<int64_t> final_time;
  int64_t cost = 0;
  // Attempts made before it was last sent again by hand, and how often that was.
  int32_t attempt_base = 0;
  int32_t round = 0;
  // No word of anybody is kept for it.
  bool is_erased = false;
};

std::optional<MessageRow> FindMessage(Connection& connection, int64_t message_id);

// The one place that writes a change of state: the row with its counters, its claim, its final
// time, the webhook that it owes, and what observers are told. Whether the change is right is the
// caller's business.
void MoveMessage(Transaction& transaction, const MessageRow& before, MessageRow after,
                 absl::Time now);

// For `ids`: ACCEPTED, SENT or PARTIALLY_DELIVERED to `state` with `reason`.
void EndMessages(Transaction& transaction, const std::vector<int64_t>& ids,
                 domain::MessageState state, domain::StateReason reason, absl::Time now);

// The deliveries that the message owes or owed. Those that are with their receiver already are not
// called back.
void DeleteWebhooks(Transaction& transaction, int64_t message_id, bool with_pending);

// The column 0 of all rows of a query.
std::vector<int64_t> ReadIds(Query& query);

}  // namespace campaigner::storage::sqlite

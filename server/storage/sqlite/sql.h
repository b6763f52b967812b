#pragma once

// The statements that run for every message, claim and delivery, and those that look for due work.
// They are in one place so that a test can ask SQLite for the plan of each: none scans, none sorts.
// A state is a literal: with a parameter SQLite would not use a partial index. Statements about
// accounts and campaigns, which are few, stand beside their functions.
namespace campaigner::storage::sqlite::sql {

// -- Transactions

inline constexpr char kBegin[] = "BEGIN IMMEDIATE";
inline constexpr char kCommit[] = "COMMIT";
inline constexpr char kRollback[] = "ROLLBACK";
inline constexpr char kSavepoint[] = "SAVEPOINT request";
inline constexpr char kRelease[] = "RELEASE request";
inline constexpr char kRollbackTo[] = "ROLLBACK TO request";

// -- The writer's books

inline constexpr char kGetSequence[] = "SELECT next_id FROM sequence WHERE name = ?1";
inline constexpr char kSetSequence[] = "UPDATE sequence SET next_id = ?2 WHERE name = ?1";
inline constexpr char kAddUnknownOutcomes[] =
    "UPDATE tally SET value = value + ?1 WHERE name = 'unknown_outcomes'";
inline constexpr char kGetUnknownOutcomes[] =
    "SELECT value FROM tally WHERE name = 'unknown_outcomes'";
inline constexpr char kAddCounter[] =
    "INSERT INTO campaign_counter (campaign_id, state, messages, segments, cost) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (campaign_id, state) DO UPDATE SET "
    "messages = messages + excluded.messages, segments = segments + excluded.segments, "
    "cost = cost + excluded.cost";
inline constexpr char kGetCounter[] =
    "SELECT messages FROM campaign_counter WHERE campaign_id = ?1 AND state = ?2";
inline constexpr char kGetCounters[] =
    "SELECT state, messages, segments, cost FROM campaign_counter WHERE campaign_id = ?1 "
    "ORDER BY state";
inline constexpr char kLastExtent[] =
    "SELECT first_id, last_id FROM message_extent WHERE campaign_id = ?1 "
    "ORDER BY first_id DESC LIMIT 1";
inline constexpr char kPutExtent[] =
    "INSERT INTO message_extent (campaign_id, first_id, last_id) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (campaign_id, first_id) DO UPDATE SET last_id = excluded.last_id";
inline constexpr char kExtentBefore[] =
    "SELECT first_id, last_id FROM message_extent WHERE campaign_id = ?1 AND first_id <= ?2 "
    "ORDER BY first_id DESC LIMIT 1";
inline constexpr char kIsHeld[] =
    "SELECT 1 FROM message WHERE id = ?1 AND state = 2 AND claim_id = ?2";

// -- Messages

inline constexpr char kInsertMessage[] =
    "INSERT INTO message (id, campaign_id, route_id, state, due, eligible_open, segments, "
    "create_time, cost) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8)";
inline constexpr char kInsertBody[] =
    "INSERT INTO message_body (id, recipient, external_id, external_id_is_number, text, "
    "template_version, fields, schedule_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
inline constexpr char kGetMessage[] =
    "SELECT campaign_id, route_id, state, reason, attempt_count, claim_id, due, segments, "
    "send_time, final_time, cost, attempt_base, round, erased FROM message WHERE id = ?1";
inline constexpr char kMoveMessage[] =
    "UPDATE message SET state = ?2, reason = ?3, attempt_count = ?4, claim_id = ?5, due = ?6, "
    "send_time = ?7, final_time = ?8 WHERE id = ?1";
inline constexpr char kSetTemplateVersion[] =
    "UPDATE message_body SET template_version = ?2 "
    "WHERE id = ?1 AND template_version = 0 AND text IS NULL";
// Of a message that waits for the end of quiet hours: what it used of its Sending Timeout, below
// zero. It is above zero, or null, in all others.
inline constexpr char kSetWaited[] = "UPDATE message SET eligible_open = ?2 WHERE id = ?1";
inline constexpr char kSetSegments[] = "UPDATE message SET segments = ?2, cost = ?3 WHERE id = ?1";
inline constexpr char kReadRecipient[] = "SELECT recipient FROM message_body WHERE id = ?1";
inline constexpr char kGetAddressee[] =
    "SELECT external_id, external_id_is_number, recipient FROM message_body WHERE id = ?1";
// A receipt may have been here first.
inline constexpr char kPutAttempt[] =
    "INSERT INTO attempt (message_id, number, route_id, outcome, provider_message_id, detail, "
    "start_time, end_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "ON CONFLICT (message_id, number) DO UPDATE SET route_id = excluded.route_id, "
    "outcome = excluded.outcome, provider_message_id = iif(excluded.provider_message_id = '', "
    "provider_message_id, excluded.provider_message_id), detail = excluded.detail, "
    "start_time = excluded.start_time, end_time = excluded.end_time";
// Before the answer to the submission, a receipt proves that the provider took it: outcome 1.
inline constexpr char kKeepReceipt[] =
    "INSERT INTO attempt (message_id, number, route_id, outcome, provider_message_id, detail, "
    "start_time, end_time, receipt_detail) VALUES (?1, ?2, ?3, 1, ?4, '', ?6, ?6, ?5) "
    "ON CONFLICT (message_id, number) DO UPDATE SET provider_message_id = "
    "iif(provider_message_id = '', excluded.provider_message_id, provider_message_id), "
    "receipt_detail = iif(excluded.receipt_detail = '', receipt_detail, excluded.receipt_detail)";
inline constexpr char kGetAttempts[] =
    "SELECT number, route_id, outcome, provider_message_id, detail, start_time, end_time, "
    "receipt_detail FROM attempt WHERE message_id = ?1 ORDER BY number";

// What is read back of a message; ids between ?1 and ?2.
#define CAMPAIGNER_MESSAGE_COLUMNS                                                           \
  "SELECT m.id, m.campaign_id, m.route_id, m.state, m.reason, m.attempt_count, m.segments, " \
  "m.create_time, m.send_time, m.final_time, b.recipient, b.external_id, "                   \
  "b.external_id_is_number, b.schedule_time, b.text, b.template_version, b.fields, m.cost "  \
  "FROM message m CROSS JOIN message_body b ON b.id = m.id WHERE m.id BETWEEN ?1 AND ?2 "
inline constexpr char kReadMessages[] = CAMPAIGNER_MESSAGE_COLUMNS "ORDER BY m.id";
inline constexpr char kReadMessagesDown[] = CAMPAIGNER_MESSAGE_COLUMNS "ORDER BY m.id DESC";
#undef CAMPAIGNER_MESSAGE_COLUMNS

// -- Claims

inline constexpr char kReadyInLane[] =
    "SELECT m.id, m.attempt_count, m.segments, m.eligible_open, m.create_time, b.recipient, "
    "b.text, b.template_version, b.fields, b.external_id, m.cost, m.attempt_base, "
    "m.round "
    "FROM message m INDEXED BY message_ready CROSS JOIN message_body b ON b.id = m.id "
    "WHERE m.campaign_id = ?1 AND m.route_id = ?2 AND m.state = 1 AND m.due IS NULL "
    "ORDER BY m.eligible_open, m.id LIMIT ?3";
inline constexpr char kMarkClaimed[] = "UPDATE message SET state = 2, claim_id = ?2 WHERE id = ?1";
inline constexpr char kInsertClaim[] =
    "INSERT INTO claim (id, owner, lease_end, message_ids) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kDeleteClaim[] = "DELETE FROM claim WHERE id = ?1";
// At start only, when all that is left of claims is what a crash left.
inline constexpr char kAllClaims[] = "SELECT id, message_ids FROM claim";
inline constexpr char kLapsedClaims[] =
    "SELECT id, message_ids FROM claim INDEXED BY claim_lease WHERE lease_end <= ?1 "
    "ORDER BY lease_end, id";
inline constexpr char kReadLapsed[] =
    "SELECT m.campaign_id, m.route_id, m.attempt_count, m.eligible_open, m.create_time, "
    "b.recipient, "
    "b.text, b.template_version, b.fields, m.attempt_base, m.round "
    "FROM message m CROSS JOIN message_body b ON b.id = m.id "
    "WHERE m.id = ?1 AND m.state = 2 AND m.claim_id = ?2";
inline constexpr char kRenewLeases[] =
    "UPDATE claim SET lease_end = ?2 WHERE owner = ?1 AND lease_end < ?2";
inline constexpr char kLapseOthers[] =
    "UPDATE claim SET lease_end = ?2 WHERE owner <> ?1 AND lease_end > ?2";

// -- Lanes: one seek for each

inline constexpr char kRunningCampaigns[] =
    "SELECT id FROM campaign INDEXED BY campaign_active "
    "WHERE id >= ?1 AND state IN (2, 3, 4, 5) AND state = 3 ORDER BY id";
inline constexpr char kNextReadyRoute[] =
    "SELECT route_id FROM message INDEXED BY message_ready WHERE campaign_id = ?1 AND route_id > "
    "?2 "
    "AND state = 1 AND due IS NULL ORDER BY route_id LIMIT 1";
inline constexpr char kNextReadyLane[] =
    "SELECT campaign_id, route_id FROM message INDEXED BY message_ready "
    "WHERE (campaign_id, route_id) > (?1, ?2) AND state = 1 AND due IS NULL "
    "ORDER BY campaign_id, route_id LIMIT 1";
inline constexpr char kNextWaitingLane[] =
    "SELECT campaign_id, route_id FROM message INDEXED BY message_waiting "
    "WHERE (campaign_id, route_id) > (?1, ?2) AND state = 1 AND due IS NOT NULL "
    "ORDER BY campaign_id, route_id LIMIT 1";
inline constexpr char kOldestInLane[] =
    "SELECT create_time FROM message INDEXED BY message_ready "
    "WHERE campaign_id = ?1 AND route_id = ?2 AND state = 1 AND due IS NULL "
    "ORDER BY eligible_open, id LIMIT 1";
inline constexpr char kReadyIdsInLane[] =
    "SELECT id FROM message INDEXED BY message_ready "
    "WHERE campaign_id = ?1 AND route_id = ?2 AND state = 1 AND due IS NULL LIMIT ?3";
inline constexpr char kWaitingIdsInLane[] =
    "SELECT id FROM message INDEXED BY message_waiting "
    "WHERE campaign_id = ?1 AND route_id = ?2 AND state = 1 AND due IS NOT NULL LIMIT ?3";
inline constexpr char kReroute[] = "UPDATE message SET route_id = ?2, cost = ?3 WHERE id = ?1";

// -- What time brings

inline constexpr char kDueIds[] =
    "SELECT id FROM message INDEXED BY message_due "
    "WHERE state = 1 AND due IS NOT NULL AND due <= ?1 ORDER BY due, id LIMIT ?2";
inline constexpr char kNextDue[] =
    "SELECT due FROM message INDEXED BY message_due WHERE state = 1 AND due IS NOT NULL AND due > "
    "0 "
    "ORDER BY due LIMIT 1";
inline constexpr char kPromote[] =
    "UPDATE message SET due = NULL, eligible_open = CASE WHEN eligible_open < 0 "
    "THEN ?2 + eligible_open + 1 ELSE coalesce(eligible_open, ?2) END WHERE id = ?1";
inline constexpr char kEligibleBefore[] =
    "SELECT id FROM message INDEXED BY message_ready "
    "WHERE campaign_id = ?1 AND route_id = ?2 AND state = 1 AND due IS NULL AND eligible_open <= "
    "?3 "
    "ORDER BY eligible_open, id LIMIT ?4";
inline constexpr char kStatusDueIds[] =
    "SELECT id FROM message INDEXED BY message_status "
    "WHERE state IN (3, 4) AND due <= ?1 ORDER BY due, id LIMIT ?2";
inline constexpr char kNextStatusDue[] =
    "SELECT due FROM message INDEXED BY message_status "
    "WHERE state IN (3, 4) AND due IS NOT NULL ORDER BY due LIMIT 1";
inline constexpr char kReadyIdsOfCampaign[] =
    "SELECT id FROM message INDEXED BY message_ready "
    "WHERE campaign_id = ?1 AND state = 1 AND due IS NULL LIMIT ?2";
inline constexpr char kWaitingIdsOfCampaign[] =
    "SELECT id FROM message INDEXED BY message_waiting "
    "WHERE campaign_id = ?1 AND state = 1 AND due IS NOT NULL LIMIT ?2";

// Some, in the order of their ids: a campaign that waits as a whole waits for one time.
inline constexpr char kWaitingOfCampaign[] =
    "SELECT due, coalesce(eligible_open, 0) < 0 FROM message INDEXED BY message_waiting "
    "WHERE campaign_id = ?1 AND state = 1 AND due IS NOT NULL LIMIT 200";

// -- Webhooks

inline constexpr char kInsertWebhook[] =
    "INSERT INTO webhook_delivery (id, endpoint_id, campaign_id, message_id, state, due, payload, "
    "create_time) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?5)";
inline constexpr char kCountPendingWebhooks[] =
    "SELECT count(*) FROM webhook_delivery INDEXED BY webhook_delivery_pending WHERE state = 1";
inline constexpr char kNextPendingEndpoint[] =
    "SELECT endpoint_id, due, create_time FROM webhook_delivery "
    "INDEXED BY webhook_delivery_pending WHERE endpoint_id > ?1 AND state = 1 "
    "ORDER BY endpoint_id, due, id LIMIT 1";
inline constexpr char kNextDueOfEndpoint[] =
    "SELECT due FROM webhook_delivery INDEXED BY webhook_delivery_pending "
    "WHERE endpoint_id = ?1 AND state = 1 ORDER BY due, id LIMIT 1";
inline constexpr char kDueWebhooks[] =
    "SELECT id, payload, attempt_count, create_time FROM webhook_delivery "
    "INDEXED BY webhook_delivery_pending "
    "WHERE endpoint_id = ?1 AND state = 1 AND due <= ?2 ORDER BY due, id LIMIT ?3";
inline constexpr char kLeaseWebhook[] = "UPDATE webhook_delivery SET due = ?2 WHERE id = ?1";
inline constexpr char kGetEndpoint[] = "SELECT account_id, url FROM webhook_endpoint WHERE id = ?1";
inline constexpr char kMoveWebhook[] =
    "UPDATE webhook_delivery SET state = ?2, due = coalesce(?3, due), last_http_status = ?4, "
    "last_error = ?5, attempt_count = attempt_count + 1, last_attempt_time = ?6 "
    "WHERE id = ?1 AND state = 1";
inline constexpr char kReplayWebhook[] =
    "UPDATE webhook_delivery SET state = 1, due = ?2 WHERE id = ?1";
inline constexpr char kFailedWebhooks[] =
    "SELECT id, endpoint_id FROM webhook_delivery INDEXED BY webhook_delivery_failed "
    "WHERE campaign_id = ?1 AND state = 3 AND coalesce(last_attempt_time, 0) <= ?3 "
    "ORDER BY id LIMIT ?2";

#define CAMPAIGNER_WEBHOOKS(index)                                                            \
  "SELECT d.id, e.account_id, d.campaign_id, d.message_id, e.url, d.state, d.attempt_count, " \
  "d.payload, d.last_http_status, d.last_error, d.create_time, d.last_attempt_time, d.due, "  \
  "d.endpoint_id FROM webhook_delivery d " index                                              \
  " CROSS JOIN webhook_endpoint e ON e.id = d.endpoint_id "
inline constexpr char kGetWebhook[] = CAMPAIGNER_WEBHOOKS("") "WHERE d.id = ?1";
inline constexpr char kListWebhooks[] =
    CAMPAIGNER_WEBHOOKS("INDEXED BY webhook_delivery_campaign")
    "WHERE d.campaign_id = ?1 AND d.id < ?2 ORDER BY d.id DESC";
inline constexpr char kListFailedWebhooks[] =
    CAMPAIGNER_WEBHOOKS("INDEXED BY webhook_delivery_failed")
    "WHERE d.campaign_id = ?1 AND d.state = 3 AND d.id < ?2 ORDER BY d.id DESC";
inline constexpr char kListWebhooksOfMessage[] =
    CAMPAIGNER_WEBHOOKS("INDEXED BY webhook_delivery_message")
    "WHERE d.message_id = ?1 AND d.id < ?2 ORDER BY d.id DESC";
#undef CAMPAIGNER_WEBHOOKS

// -- Stop-lists

inline constexpr char kInsertStopped[] =
    "INSERT INTO stop_list (account_id, address, note, create_time) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (account_id, address) DO NOTHING";
inline constexpr char kDeleteStopped[] =
    "DELETE FROM stop_list WHERE account_id = ?1 AND address = ?2";
inline constexpr char kListStopped[] =
    "SELECT id, address, note, create_time FROM stop_list INDEXED BY stop_list_account "
    "WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
inline constexpr char kFindStopped[] =
    "SELECT id, address, note, create_time FROM stop_list "
    "WHERE account_id = ?1 AND address = ?2 AND id < ?3";
// At start only.
inline constexpr char kAllStopped[] = "SELECT account_id, address FROM stop_list";

// -- Pruning

inline constexpr char kOldMessages[] =
    "SELECT id, campaign_id, state, final_time, create_time FROM message WHERE id > ?1 ORDER BY id "
    "LIMIT ?2";
inline constexpr char kDeleteMessage[] = "DELETE FROM message WHERE id = ?1";
inline constexpr char kDeleteBody[] = "DELETE FROM message_body WHERE id = ?1";
inline constexpr char kDeleteAttempts[] = "DELETE FROM attempt WHERE message_id = ?1";
inline constexpr char kHasMessageWithin[] =
    "SELECT 1 FROM message WHERE id BETWEEN ?1 AND ?2 LIMIT 1";
inline constexpr char kExtentsWithin[] =
    "SELECT first_id, last_id FROM message_extent "
    "WHERE campaign_id = ?1 AND first_id <= ?3 AND last_id >= ?2";
inline constexpr char kDeleteExtent[] =
    "DELETE FROM message_extent WHERE campaign_id = ?1 AND first_id = ?2";
inline constexpr char kOldWebhooks[] =
    "SELECT id, state, create_time FROM webhook_delivery WHERE id > ?1 ORDER BY id LIMIT ?2";
inline constexpr char kDeleteWebhook[] = "DELETE FROM webhook_delivery WHERE id = ?1";
inline constexpr char kOldRequests[] =
    "SELECT account_id, kind, request_id FROM idempotency INDEXED BY idempotency_create_time "
    "WHERE create_time <= ?1 ORDER BY create_time LIMIT ?2";

// -- Request ids

inline constexpr char kGetRequest[] =
    "SELECT request_hash, first_id, count, create_time FROM idempotency "
    "WHERE account_id = ?1 AND kind = ?2 AND request_id = ?3";
inline constexpr char kPutRequest[] =
    "INSERT OR REPLACE INTO idempotency (account_id, kind, request_id, request_hash, first_id, "
    "count, "
    "create_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
inline constexpr char kDeleteRequest[] =
    "DELETE FROM idempotency WHERE account_id = ?1 AND kind = ?2 AND request_id = ?3";

}  // namespace campaigner::storage::sqlite::sql

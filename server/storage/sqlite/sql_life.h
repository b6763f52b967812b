#pragma once

// The statements of the time series, the address index, retries, erasure and exports. Their plans
// are tested as those of sql.h are.
namespace campaigner::storage::sqlite::sql {

// -- Time series

inline constexpr char kAddToSeries[] =
    "INSERT INTO campaign_series (campaign_id, minute, state, messages, segments) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (campaign_id, minute, state) DO UPDATE SET "
    "messages = messages + excluded.messages, segments = segments + excluded.segments";
inline constexpr char kReadSeries[] =
    "SELECT minute, state, messages, segments FROM campaign_series "
    "WHERE campaign_id = ?1 AND minute >= ?2 AND minute < ?3 ORDER BY minute, state";
inline constexpr char kNextSeries[] =
    "SELECT campaign_id FROM campaign_series WHERE campaign_id > ?1 ORDER BY campaign_id LIMIT 1";
inline constexpr char kOldSeries[] =
    "SELECT minute, state FROM campaign_series WHERE campaign_id = ?1 AND minute < ?2 "
    "ORDER BY minute, state LIMIT ?3";
inline constexpr char kDeleteSeries[] =
    "DELETE FROM campaign_series WHERE campaign_id = ?1 AND minute = ?2 AND state = ?3";

// -- Addresses

inline constexpr char kPutAddressRun[] =
    "INSERT INTO address_run (bucket, first_message_id, last_message_id, entries) "
    "VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kSetAddressRun[] =
    "UPDATE address_run SET entries = ?3 WHERE bucket = ?1 AND first_message_id = ?2";
inline constexpr char kDeleteAddressRun[] =
    "DELETE FROM address_run WHERE bucket = ?1 AND first_message_id = ?2";
// Runs with a message between ?1 and ?2; every run has a row in every bucket.
inline constexpr char kAddressRunsWithin[] =
    "SELECT first_message_id, last_message_id FROM address_run "
    "WHERE bucket = 0 AND first_message_id <= ?2 AND last_message_id >= ?1 "
    "ORDER BY first_message_id DESC LIMIT 5";
inline constexpr char kLastAddressRun[] =
    "SELECT last_message_id FROM address_run WHERE bucket = 0 "
    "ORDER BY first_message_id DESC LIMIT 1";
inline constexpr char kAddressRunsDown[] =
    "SELECT first_message_id, entries FROM address_run "
    "WHERE bucket = ?1 AND first_message_id <= ?2 ORDER BY first_message_id DESC";
inline constexpr char kAddressesAfter[] =
    "SELECT id, recipient FROM message_body WHERE id > ?1 ORDER BY id LIMIT ?2";

// -- Retries and exports

// The extent that holds an id, or the next one.
inline constexpr char kExtentAfter[] =
    "SELECT first_id, last_id FROM message_extent WHERE campaign_id = ?1 AND first_id >= coalesce("
    "(SELECT first_id FROM message_extent WHERE campaign_id = ?1 AND first_id <= ?2 "
    "ORDER BY first_id DESC LIMIT 1), ?2) AND last_id >= ?2 ORDER BY first_id LIMIT 1";
inline constexpr char kReadForRetry[] =
    "SELECT id, campaign_id, state, reason, erased, segments FROM message "
    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
inline constexpr char kBeginAgain[] =
    "UPDATE message SET attempt_base = attempt_count, round = round + 1, eligible_open = ?2, "
    "route_id = ?3, cost = ?4 WHERE id = ?1";
inline constexpr char kLastAttempt[] =
    "SELECT number, route_id, provider_message_id, detail, receipt_detail FROM attempt "
    "WHERE message_id = ?1 ORDER BY number DESC LIMIT 1";

// -- Erasure

inline constexpr char kGetRecipient[] =
    "SELECT m.campaign_id, b.recipient FROM message m CROSS JOIN message_body b ON b.id = m.id "
    "WHERE m.id = ?1";
inline constexpr char kEraseBody[] =
    "UPDATE message_body SET recipient = '', external_id = '', external_id_is_number = 0, "
    "text = '', fields = NULL WHERE id = ?1";
inline constexpr char kMarkErased[] = "UPDATE message SET erased = 1 WHERE id = ?1";
inline constexpr char kEraseAttempts[] =
    "UPDATE attempt SET provider_message_id = '', detail = '', receipt_detail = '' "
    "WHERE message_id = ?1";
inline constexpr char kWebhooksOfMessage[] =
    "SELECT id, state, endpoint_id FROM webhook_delivery INDEXED BY webhook_delivery_message "
    "WHERE message_id = ?1";

}  // namespace campaigner::storage::sqlite::sql

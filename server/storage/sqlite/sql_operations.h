#pragma once

// The statements of operations, imports and uploads; see sql.h.
namespace campaigner::storage::sqlite::sql {

// -- Operations

#define CAMPAIGNER_OPERATION_COLUMNS                                                           \
  "SELECT id, account_id, campaign_id, kind, state, request, checkpoint, steps, done_units, "  \
  "total_units, messages, error_code, error_message, error_reason, create_time, update_time, " \
  "end_time FROM operation "
inline constexpr char kGetOperation[] = CAMPAIGNER_OPERATION_COLUMNS "WHERE id = ?1";
inline constexpr char kListOperations[] = CAMPAIGNER_OPERATION_COLUMNS
    "INDEXED BY operation_account WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
inline constexpr char kListCampaignOperations[] = CAMPAIGNER_OPERATION_COLUMNS
    "INDEXED BY operation_campaign WHERE campaign_id = ?4 AND id < ?2 AND account_id = ?1 "
    "ORDER BY id DESC LIMIT ?3";
inline constexpr char kListRunningOperations[] = CAMPAIGNER_OPERATION_COLUMNS
    "INDEXED BY operation_running WHERE account_id = ?1 AND state = 1 ORDER BY id LIMIT ?2";
#undef CAMPAIGNER_OPERATION_COLUMNS
inline constexpr char kNextBusyAccount[] =
    "SELECT account_id FROM operation INDEXED BY operation_running "
    "WHERE account_id > ?1 AND state = 1 ORDER BY account_id LIMIT 1";
inline constexpr char kInsertOperation[] =
    "INSERT INTO operation (account_id, campaign_id, kind, state, request, checkpoint, "
    "total_units, create_time, update_time) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?7) "
    "RETURNING id";
inline constexpr char kAdvanceOperation[] =
    "UPDATE operation SET checkpoint = ?2, steps = steps + 1, done_units = ?3, total_units = ?4, "
    "messages = messages + ?5, update_time = ?6 WHERE id = ?1";
// The checkpoint of an erasure (kind 3) is the address: it must not stay.
inline constexpr char kEndOperation[] =
    "UPDATE operation SET state = ?2, checkpoint = iif(kind = 3, x'', checkpoint), "
    "error_code = ?3, error_message = ?4, error_reason = ?5, "
    "update_time = ?6, end_time = ?6 WHERE id = ?1";
inline constexpr char kEndedOperation[] =
    "SELECT id FROM operation INDEXED BY operation_end "
    "WHERE end_time IS NOT NULL AND end_time < ?1 ORDER BY end_time, id LIMIT 1";
inline constexpr char kDeleteOperation[] = "DELETE FROM operation WHERE id = ?1";

// -- Imports

inline constexpr char kOlderImport[] =
    "SELECT 1 FROM operation INDEXED BY operation_running "
    "WHERE account_id = ?1 AND id < ?2 AND state = 1 AND kind = 1 LIMIT 1";
inline constexpr char kRunningImport[] =
    "SELECT id FROM operation INDEXED BY operation_import "
    "WHERE campaign_id = ?1 AND kind = 1 AND state = 1";
inline constexpr char kRunningRetry[] =
    "SELECT id FROM operation INDEXED BY operation_retry "
    "WHERE campaign_id = ?1 AND kind = 2 AND state = 1 AND campaign_id > 0";
inline constexpr char kInsertImport[] =
    "INSERT INTO import (operation_id, upload_id, file_name, replaces, is_clearing) "
    "VALUES (?1, ?2, ?3, ?4, ?4)";
inline constexpr char kClearingImport[] =
    "SELECT o.id FROM operation o INDEXED BY operation_import "
    "CROSS JOIN import i ON i.operation_id = o.id "
    "WHERE o.campaign_id = ?1 AND o.kind = 1 AND o.state = 1 AND i.is_clearing = 1";
inline constexpr char kEndClearing[] = "UPDATE import SET is_clearing = 0 WHERE operation_id = ?1";
inline constexpr char kGetImport[] =
    "SELECT upload_id, file_name, replaces, row_count, accepted, duplicates, stop_listed, invalid, "
    "is_clearing FROM import WHERE operation_id = ?1";
inline constexpr char kAddImportCounts[] =
    "UPDATE import SET row_count = row_count + ?2, accepted = accepted + ?3, "
    "duplicates = duplicates + ?4, stop_listed = stop_listed + ?5, invalid = invalid + ?6, "
    "rejected_kept = rejected_kept + ?7 WHERE operation_id = ?1";
inline constexpr char kDeleteImport[] = "DELETE FROM import WHERE operation_id = ?1";
inline constexpr char kRejectedKept[] = "SELECT rejected_kept FROM import WHERE operation_id = ?1";
inline constexpr char kInsertRejectedRow[] =
    "INSERT INTO rejected_row (operation_id, row_number, reason, value) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kListRejectedRows[] =
    "SELECT row_number, reason, value FROM rejected_row "
    "WHERE operation_id = ?1 AND row_number > ?2 ORDER BY row_number LIMIT ?3";
inline constexpr char kBlankRejectedRow[] =
    "UPDATE rejected_row SET value = '' WHERE operation_id = ?1 AND row_number = ?2";
inline constexpr char kDeleteRejectedRow[] =
    "DELETE FROM rejected_row WHERE operation_id = ?1 AND row_number = ?2";
inline constexpr char kRecipientsDown[] =
    "SELECT m.id, m.campaign_id, m.reason, b.recipient "
    "FROM message m CROSS JOIN message_body b ON b.id = m.id "
    "WHERE m.id BETWEEN ?1 AND ?2 ORDER BY m.id DESC LIMIT ?3";

// -- Uploads

inline constexpr char kInsertUpload[] =
    "INSERT INTO upload (account_id, file_name, create_time, use_time) VALUES (?1, ?2, ?3, ?3) "
    "RETURNING id";
inline constexpr char kFinishUpload[] =
    "UPDATE upload SET is_finished = 1, bytes = ?2, sha256 = ?3, use_time = ?4 WHERE id = ?1";
inline constexpr char kGetUpload[] =
    "SELECT account_id, file_name, bytes, sha256, create_time, use_time, is_finished "
    "FROM upload WHERE id = ?1";
inline constexpr char kListUploads[] =
    "SELECT id FROM upload INDEXED BY upload_account "
    "WHERE account_id = ?1 AND id > ?2 AND is_finished = 1 AND create_time <= ?3 ORDER BY id "
    "LIMIT ?4";
inline constexpr char kUseUpload[] = "UPDATE upload SET use_time = ?2 WHERE id = ?1";
inline constexpr char kUseImportedUpload[] =
    "UPDATE upload SET use_time = ?2 "
    "WHERE id = (SELECT upload_id FROM import WHERE operation_id = ?1)";
inline constexpr char kDeleteUpload[] = "DELETE FROM upload WHERE id = ?1";
inline constexpr char kImportOfUpload[] =
    "SELECT o.id FROM import i INDEXED BY import_upload CROSS JOIN operation o "
    "ON o.id = i.operation_id WHERE i.upload_id = ?1 AND o.state = 1 LIMIT 1";
inline constexpr char kUnusedUploads[] =
    "SELECT u.id FROM upload u INDEXED BY upload_use_time WHERE u.use_time < ?1 "
    "AND NOT EXISTS (SELECT 1 FROM import i INDEXED BY import_upload CROSS JOIN operation o "
    "ON o.id = i.operation_id WHERE i.upload_id = u.id AND o.state = 1) "
    "ORDER BY u.use_time, u.id LIMIT ?2";
// At start only.
inline constexpr char kDropUnfinishedUploads[] = "DELETE FROM upload WHERE is_finished = 0";

}  // namespace campaigner::storage::sqlite::sql

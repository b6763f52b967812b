#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/secure_delete.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;
using domain::StateReason;

// All messages that may go to an address, ascending: a hash is not an address.
std::vector<int64_t> FindCandidates(Connection& db, const RecentAddresses& recent,
                                    AddressHash hash) {
  std::vector<int64_t> ids = recent.Find(hash);
  Query query(db, sql::kAddressRunsDown, hash.bucket, INT64_MAX);
  while (query.Step()) {
    for (const int64_t id : FindInRun(query.Text(1), query.Int(0), hash.rest)) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

bool IsSentTo(Connection& db, Caches& caches, int64_t message_id, int64_t account_id,
              const std::string& recipient) {
  Query query(db, sql::kGetRecipient, message_id);
  if (!query.Step() || query.Text(1) != recipient) return false;
  const CampaignRowPtr campaign = FindCampaignRow(db, caches, query.Int(0));
  // What a deleted campaign left belongs to nobody any more.
  return campaign == nullptr || campaign->campaign.account_id == account_id;
}

// False: it is being sent and stays for now.
bool EraseMessage(Transaction& transaction, int64_t message_id, absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), message_id);
  if (before.has_value() && before->state == MessageState::kSending) return false;
  // The deliveries that this makes go too.
  if (before.has_value() && before->state == MessageState::kAccepted) {
    EndMessages(transaction, {message_id}, MessageState::kCancelled, StateReason::kErased, now);
  }
  DeleteWebhooks(transaction, message_id, /*with_pending=*/true);
  Query(transaction.db(), sql::kEraseBody, message_id).Run();
  Query(transaction.db(), sql::kEraseAttempts, message_id).Run();
  Query(transaction.db(), sql::kMarkErased, message_id).Run();
  return true;
}

// Everything into the database, and the log cut to nothing. False while a reader needs the log.
// Waits for nobody: the caller comes again.
bool EmptyLog(Connection& db) {
  sqlite3_busy_timeout(db.handle(), 0);
  const int result =
      sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(db.handle(), Connection::kBusyTimeoutMs);
  return result == SQLITE_OK;
}

}  // namespace

// The search is a reader's, so that nobody else's write waits for it. What is found stays the
// recipient's: only an erasure takes an address out of a message.
absl::StatusOr<EraseStep> SqliteStore::EraseRecipient(int64_t account_id,
                                                      const std::string& recipient, absl::Time now,
                                                      int32_t limit) {
  const AddressHash hash = HashAddress(recipient);
  std::vector<int64_t> found;
  RETURN_IF_ERROR(readers_.Read([&](Connection& db) -> absl::Status {
    for (const int64_t id : FindCandidates(db, caches_.recent_addresses, hash)) {
      if (IsSentTo(db, caches_, id, account_id, recipient)) found.push_back(id);
    }
    return absl::OkStatus();
  }));
  if (found.empty()) return EraseStep();
  return Write([&](Transaction& transaction) -> absl::StatusOr<EraseStep> {
    const SecureDelete secure_delete(transaction.db());
    EraseStep step;
    std::vector<int64_t> erased;
    for (const int64_t id : found) {
      if (erased.size() >= static_cast<size_t>(limit)) {
        step.more = true;
        break;
      }
      if (EraseMessage(transaction, id, now)) {
        erased.push_back(id);
      } else {
        ++step.sending;
      }
    }
    step.erased = static_cast<int32_t>(erased.size());
    ForgetInRuns(transaction.db(), hash, erased);
    // A run that this group writes is not there yet.
    for (const int64_t id : erased) transaction.effects().erased_ids.push_back(id);
    transaction.effects().publish.emplace_back([this, hash, erased = std::move(erased)] {
      caches_.recent_addresses.Forget(hash, erased);
    });
    return step;
  });
}

absl::Status SqliteStore::BlankRejectedRows(int64_t operation_id,
                                            const std::vector<int64_t>& row_numbers) {
  if (row_numbers.empty()) return absl::OkStatus();
  return Write([&](Transaction& transaction) -> absl::Status {
    const SecureDelete secure_delete(transaction.db());
    for (const int64_t row : row_numbers) {
      Query(transaction.db(), sql::kBlankRejectedRow, operation_id, row).Run();
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> SqliteStore::EmptyLog() {
  bool is_empty = false;
  RETURN_IF_ERROR(Write([&](Transaction& transaction) -> absl::Status {
    // After the commit of this group, and so of all before it.
    transaction.effects().publish.emplace_back(
        [&is_empty, &db = transaction.db()] { is_empty = sqlite::EmptyLog(db); });
    return absl::OkStatus();
  }));
  return is_empty;
}

}  // namespace campaigner::storage::sqlite

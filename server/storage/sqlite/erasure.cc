#include <algorithm>
#include <utility>

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
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

bool IsSentTo(Transaction& transaction, int64_t message_id, int64_t account_id,
              const std::string& recipient) {
  Query query(transaction.db(), sql::kGetRecipient, message_id);
  if (!query.Step() || query.Text(1) != recipient) return false;
  const CampaignRowPtr campaign = transaction.FindCampaign(query.Int(0));
  // What a deleted campaign left belongs to nobody any more.
  return campaign == nullptr || campaign->campaign.account_id == account_id;
}

// Deliveries that were claimed are with their receiver already; their outcome finds no row.
void DeleteWebhooks(Transaction& transaction, int64_t message_id) {
  std::vector<std::pair<int64_t, bool>> deliveries;
  {
    Query query(transaction.db(), sql::kWebhooksOfMessage, message_id);
    while (query.Step()) {
      const auto state = static_cast<domain::WebhookState>(query.Int(1));
      deliveries.emplace_back(query.Int(0), state == domain::WebhookState::kPending);
    }
  }
  for (const auto& [id, is_pending] : deliveries) {
    Query(transaction.db(), sql::kDeleteWebhook, id).Run();
    if (is_pending) --transaction.effects().pending_webhooks;
  }
}

// False: it is being sent and stays for now.
bool EraseMessage(Transaction& transaction, int64_t message_id, absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), message_id);
  if (before.has_value() && before->state == MessageState::kSending) return false;
  // The deliveries that this makes go too.
  if (before.has_value() && before->state == MessageState::kAccepted) {
    EndMessages(transaction, {message_id}, MessageState::kCancelled, StateReason::kErased, now);
  }
  DeleteWebhooks(transaction, message_id);
  Query(transaction.db(), sql::kEraseBody, message_id).Run();
  Query(transaction.db(), sql::kEraseAttempts, message_id).Run();
  return true;
}

// The file keeps nothing of what is deleted while this lives: not even where the page is given up.
class SecureDelete {
 public:
  explicit SecureDelete(Connection& db) : db_(db) { db_.Execute("PRAGMA secure_delete = ON"); }
  ~SecureDelete() {
    const absl::Status status = Guard([&]() -> absl::Status {
      db_.Execute("PRAGMA secure_delete = FAST");
      return absl::OkStatus();
    });
    if (!status.ok()) base::LogError("secure_delete_stays_on", {{"status", status.ToString()}});
  }
  SecureDelete(const SecureDelete&) = delete;
  SecureDelete& operator=(const SecureDelete&) = delete;

 private:
  Connection& db_;
};

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

absl::StatusOr<EraseStep> SqliteStore::EraseRecipient(int64_t account_id,
                                                      const std::string& recipient, absl::Time now,
                                                      int32_t limit) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<EraseStep> {
    const SecureDelete secure_delete(transaction.db());
    const AddressHash hash = HashAddress(recipient);
    EraseStep step;
    std::vector<int64_t> erased;
    for (const int64_t id : FindCandidates(transaction.db(), caches_.recent_addresses, hash)) {
      if (!IsSentTo(transaction, id, account_id, recipient)) continue;
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
    transaction.effects().publish.emplace_back([this, hash, erased = std::move(erased)] {
      caches_.recent_addresses.Forget(hash, erased);
    });
    return step;
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

#include "server/storage/sqlite/stop_list.h"

#include <utility>

#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {

using domain::StopListEntry;

bool InsertStopListEntry(Transaction& transaction, const StopListEntry& entry) {
  Query(transaction.db(), sql::kInsertStopped, entry.account_id, entry.address, entry.note,
        ToColumn(entry.create_time))
      .Run();
  if (transaction.db().Changes() == 0) return false;
  transaction.effects().publish.emplace_back(
      [&filter = transaction.caches().stop_filter, account_id = entry.account_id,
       address = entry.address] { filter.Add(account_id, address); });
  return true;
}

void LoadStopFilter(Connection& connection, StopFilter& filter) {
  Query query(connection, sql::kAllStopped);
  while (query.Step()) filter.Add(query.Int(0), query.Text(1));
}

absl::StatusOr<int32_t> SqliteStore::AddToStopList(const std::vector<StopListEntry>& entries) {
  const WriteSize size{entries.size(), entries.size() * sizeof(StopListEntry)};
  auto run = [&](Transaction& transaction) -> absl::StatusOr<int32_t> {
    int32_t added = 0;
    for (const StopListEntry& entry : entries) {
      if (InsertStopListEntry(transaction, entry)) ++added;
    }
    return added;
  };
  return writer_.Call(size, Admission::kAlways, std::move(run));
}

absl::StatusOr<int32_t> SqliteStore::RemoveFromStopList(int64_t account_id,
                                                        const std::vector<std::string>& addresses) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<int32_t> {
    int32_t removed = 0;
    for (const std::string& address : addresses) {
      Query(transaction.db(), sql::kDeleteStopped, account_id, address).Run();
      removed += transaction.db().Changes();
    }
    return removed;
  });
}

absl::StatusOr<std::vector<StopListEntry>> SqliteStore::ListStopList(int64_t account_id,
                                                                     const std::string& address,
                                                                     Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<StopListEntry>> {
    std::vector<StopListEntry> entries;
    const int64_t before_id = page.after_id == 0 ? INT64_MAX : page.after_id;
    const auto read_all = [&](Query& query) {
      while (query.Step()) {
        entries.push_back({.id = query.Int(0),
                           .account_id = account_id,
                           .address = query.String(1),
                           .note = query.String(2),
                           .create_time = TimeFrom(query.Int(3))});
      }
    };
    if (address.empty()) {
      Query query(db, sql::kListStopped, account_id, before_id, page.size);
      read_all(query);
    } else {
      Query query(db, sql::kFindStopped, account_id, address, before_id);
      read_all(query);
    }
    return entries;
  });
}

absl::StatusOr<bool> SqliteStore::IsStopListed(int64_t account_id, std::string_view address) {
  if (!caches_.stop_filter.MayHold(account_id, address)) return false;
  return readers_.Read([&](Connection& db) -> absl::StatusOr<bool> {
    return Query(db, sql::kFindStopped, account_id, address, INT64_MAX).Step();
  });
}

}  // namespace campaigner::storage::sqlite

#include "server/storage/sqlite/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "schema/migrations.h"
#include "server/base/status_macros.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/migrate.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage {
namespace sqlite {
namespace {

// The hot pages: right edges and inner pages of all trees. More is left to the page cache of the
// operating system.
constexpr int kWriterCacheKib = 32 << 10;
// Lanes that are looked at for the age of the oldest message.
constexpr int kLanesForAgeMax = 1000;

constexpr char kProbe[] = "UPDATE sequence SET next_id = next_id WHERE name = 'message'";

}  // namespace

SqliteStore::SqliteStore(FileLock lock, const SqliteOptions& options,
                         std::unique_ptr<Connection> connection)
    : lock_(std::move(lock)),
      writer_(std::move(connection), caches_,
              WriterOptions{.queue_max = options.write_queue_max,
                            .queue_bytes_max = options.write_queue_bytes_max,
                            .clock = options.clock,
                            .gather_time = options.gather_time}),
      readers_(options.path, options.readers) {}

// While writes go well they are the proof; otherwise a small one is tried.
absl::Status SqliteStore::Ready() {
  RETURN_IF_ERROR(writer_.Accepts());
  const WriterHealth health = writer_.Health();
  const bool has_written = ready_groups_.exchange(health.groups) != health.groups;
  if (has_written && !health.is_failing) return absl::OkStatus();
  return Write([](Transaction& transaction) -> absl::Status {
    Query(transaction.db(), kProbe).Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> SqliteStore::CountUnknownOutcomes() {
  return readers_.Read([](Connection& db) -> absl::StatusOr<int64_t> {
    Query query(db, sql::kGetUnknownOutcomes);
    return query.Step() ? query.Int(0) : 0;
  });
}

absl::StatusOr<std::vector<QueueDepth>> SqliteStore::QueueDepths() {
  return readers_.Read([](Connection& db) -> absl::StatusOr<std::vector<QueueDepth>> {
    std::vector<QueueDepth> depths;
    Query query(db, sql::kGetCounters, 0);
    while (query.Step()) {
      depths.push_back({static_cast<domain::MessageState>(query.Int(0)), query.Int(1)});
    }
    return depths;
  });
}

absl::StatusOr<std::optional<absl::Time>> SqliteStore::OldestReady() {
  return readers_.Read([](Connection& db) -> absl::StatusOr<std::optional<absl::Time>> {
    std::optional<int64_t> oldest;
    Lane lane;
    for (int i = 0; i < kLanesForAgeMax; ++i) {
      Query next(db, sql::kNextReadyLane, lane.campaign_id, lane.route_id);
      if (!next.Step()) break;
      lane = {next.Int(0), next.Int(1)};
      Query query(db, sql::kOldestInLane, lane.campaign_id, lane.route_id);
      if (query.Step()) oldest = std::min(oldest.value_or(query.Int(0)), query.Int(0));
    }
    return TimeFrom(oldest);
  });
}

}  // namespace sqlite

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options) {
  // Statistics of memory cost a process-wide lock at every allocation. Refused, and no harm, once
  // SQLite is in use.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  ASSIGN_OR_RETURN(sqlite::FileLock lock, sqlite::FileLock::Take(options.path + ".lock"));
  return sqlite::Guard([&]() -> absl::StatusOr<std::unique_ptr<Store>> {
    auto connection = std::make_unique<sqlite::Connection>(
        options.path, sqlite::ConnectionOptions{.is_writer = true,
                                                .synchronous_full = options.synchronous_full,
                                                .cache_kib = sqlite::kWriterCacheKib});
    RETURN_IF_ERROR(sqlite::Migrate(*connection, schema::SqliteMigrations()));
    // What savepoints remember. Not before: a migration that makes an index sorts millions of rows.
    connection->Execute("PRAGMA temp_store = MEMORY");
    auto store =
        std::make_unique<sqlite::SqliteStore>(std::move(lock), options, std::move(connection));
    store->Start();
    return store;
  });
}

}  // namespace campaigner::storage

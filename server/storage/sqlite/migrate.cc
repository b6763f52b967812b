#include "server/storage/sqlite/migrate.h"

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"
#include "server/domain/errors/storage.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;

constexpr char kHasRecord[] = "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'";
constexpr char kHasTables[] = "SELECT count(*) FROM sqlite_schema";
constexpr char kCreateRecord[] =
    "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "checksum TEXT NOT NULL) STRICT;";
constexpr char kApplied[] = "SELECT number, checksum FROM migration ORDER BY number";
constexpr char kRecord[] = "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)";

int64_t ReadNumber(Connection& connection, const char* sql) {
  Query query(connection, sql);
  return query.Step() ? query.Int(0) : 0;
}

// How many of `migrations` are applied already.
absl::StatusOr<size_t> CheckApplied(Connection& connection,
                                    std::span<const schema::Migration> migrations) {
  if (ReadNumber(connection, kHasRecord) == 0) {
    if (ReadNumber(connection, kHasTables) == 0) return 0;
    return errors::StorageForeign(0, "it holds tables that are not ours");
  }
  size_t count = 0;
  Query query(connection, kApplied);
  for (; query.Step(); ++count) {
    if (count >= migrations.size()) {
      return errors::StorageTooNew(query.Int(0), static_cast<int64_t>(migrations.size()));
    }
    if (query.Text(1) != migrations[count].checksum) {
      return errors::StorageForeign(query.Int(0), "it was applied with other content");
    }
  }
  return count;
}

void Apply(Connection& connection, const schema::Migration& migration) {
  connection.Execute("BEGIN IMMEDIATE");
  try {
    if (migration.number == 1) connection.Execute(kCreateRecord);
    connection.Execute(migration.sql);
    Query(connection, kRecord, migration.number, std::string_view(migration.name),
          std::string_view(migration.checksum))
        .Run();
    connection.Execute("COMMIT");
  } catch (...) {
    if (connection.InTransaction()) connection.Execute("ROLLBACK");
    throw;
  }
}

}  // namespace

absl::Status Migrate(Connection& connection, std::span<const schema::Migration> migrations) {
  return Guard([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const size_t applied, CheckApplied(connection, migrations));
    for (const schema::Migration& migration : migrations.subspan(applied)) {
      Apply(connection, migration);
      base::LogInfo("migration_applied", {{"name", migration.name}});
    }
    return absl::OkStatus();
  });
}

}  // namespace campaigner::storage::sqlite

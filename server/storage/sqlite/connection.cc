#include "server/storage/sqlite/connection.h"

#include <fmt/format.h>

#include <stdexcept>

#include "server/domain/errors/requests.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;

// Pages in the WAL before a commit moves them into the database (16 MiB): the same hot pages are
// then copied once instead of many times, and one copying takes some tens of milliseconds at most.
constexpr int kWalPagesBeforeCheckpoint = 4000;
// The WAL file is cut back to this after a burst.
constexpr int64_t kWalBytesKept = 64 << 20;

int OpenFlags(const ConnectionOptions& options) {
  const int mode =
      options.is_writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  return mode | SQLITE_OPEN_NOMUTEX;
}

}  // namespace

Connection::Connection(const std::string& path, const ConnectionOptions& options)
    : database_(path, OpenFlags(options), kBusyTimeoutMs), is_writer_(options.is_writer) {
  sqlite3_extended_result_codes(handle(), 1);
  // A misspelt column must be an error, not a string.
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  Execute(fmt::format("PRAGMA cache_size = -{};", options.cache_kib).c_str());
  if (!options.is_writer) return;
  // secure_delete FAST overwrites what is erased wherever that costs no further page.
  Execute(fmt::format("PRAGMA journal_mode = WAL; PRAGMA synchronous = {};"
                      "PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;"
                      "PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {};",
                      options.synchronous_full ? "FULL" : "NORMAL", kWalPagesBeforeCheckpoint,
                      kWalBytesKept)
              .c_str());
}

void Connection::Execute(const char* sql) {
  const int result = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) throw SQLite::Exception(handle(), result);
}

Connection::Prepared& Connection::Prepare(const char* sql) {
  Prepared& prepared = prepared_[sql];
  if (prepared.is_in_use) throw std::logic_error(fmt::format("nested use of: {}", sql));
  if (prepared.statement == nullptr) {
    sqlite3_stmt* statement = nullptr;
    const int result =
        sqlite3_prepare_v3(handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) throw SQLite::Exception(handle(), result);
    prepared.statement.reset(statement);
  }
  prepared.is_in_use = true;
  ++running_queries_;
  return prepared;
}

Query::~Query() {
  sqlite3_reset(statement());
  prepared_.is_in_use = false;
  --connection_.running_queries_;
}

void Query::Throw(int result) const { throw SQLite::Exception(connection_.handle(), result); }

std::string_view Query::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement(), column))};
}

// A null pointer would bind NULL.
void Query::Bind(int index, std::string_view text) {
  Check(sqlite3_bind_text64(statement(), index, text.data() == nullptr ? "" : text.data(),
                            text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::Bind(int index, Blob blob) {
  Check(sqlite3_bind_blob64(statement(), index,
                            blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                            blob.bytes.size(), SQLITE_STATIC));
}

absl::Status StatusFromSqlite(int extended_code, std::string_view message) {
  const std::string cause = fmt::format("{} (SQLite {})", message, extended_code);
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM: return errors::StorageUnavailable(cause);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return errors::StorageDamaged(cause);
    default: return errors::Internal(cause);
  }
}

absl::Status StatusFromException(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const SQLite::Exception*>(&exception)) {
    return StatusFromSqlite(error->getExtendedErrorCode(), error->what());
  }
  return errors::Internal(exception.what());
}

}  // namespace campaigner::storage::sqlite

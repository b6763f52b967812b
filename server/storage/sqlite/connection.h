#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "SQLiteCpp/Database.h"
#include "absl/status/status.h"

namespace campaigner::storage::sqlite {

struct ConnectionOptions {
  bool is_writer = false;
  bool synchronous_full = true;
  // Page cache of this connection.
  int cache_kib = 0;
};

// One connection with its prepared statements. For one thread at a time. Throws SQLite::Exception;
// Guard (below) is where that ends.
class Connection {
 public:
  // How long to wait for a foreign process (a backup, an administrator's shell) to let go: longer
  // than its honest use of the file, shorter than a caller's patience.
  static constexpr int kBusyTimeoutMs = 500;

  Connection(const std::string& path, const ConnectionOptions& options);

  // Statements without results or parameters; several, separated by ";".
  void Execute(const char* sql);
  sqlite3* handle() const { return database_.getHandle(); }
  // Whether a transaction is open. Some failures of SQLite end it by themselves.
  bool InTransaction() const { return sqlite3_get_autocommit(handle()) == 0; }
  // Rows that the last INSERT, UPDATE or DELETE touched.
  int Changes() const { return sqlite3_changes(handle()); }
  // Whether the next query will see everything committed until now. Not so on a reader that is
  // inside another query: it stays with that one's snapshot.
  bool SeesLatest() const { return is_writer_ || running_queries_ == 0; }

 private:
  friend class Query;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    bool is_in_use = false;
  };
  Prepared& Prepare(const char* sql);

  SQLite::Database database_;
  const bool is_writer_;
  int running_queries_ = 0;
  // By address: statements are constants.
  std::unordered_map<const void*, Prepared> prepared_;
};

// Bytes, where a string would be text.
struct Blob {
  std::string_view bytes;
};

// One run of a statement, which must be a constant: it is prepared once for its address. Not nested
// with itself. Bound text is not copied: it must live until the last Step.
class Query {
 public:
  template <typename... Values>
  Query(Connection& connection, const char* sql, const Values&... values)
      : connection_(connection), prepared_(connection.Prepare(sql)) {
    int index = 0;
    (Bind(++index, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // The next row; false at the end.
  bool Step() {
    const int result = sqlite3_step(statement());
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) Throw(result);
    return false;
  }
  // For what has no rows.
  void Run() {
    while (Step()) {
    }
  }

  bool IsNull(int column) const { return sqlite3_column_type(statement(), column) == SQLITE_NULL; }
  int64_t Int(int column) const { return sqlite3_column_int64(statement(), column); }
  int32_t Int32(int column) const { return static_cast<int32_t>(Int(column)); }
  std::optional<int64_t> OptionalInt(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(Int(column));
  }
  // Valid until the next Step.
  std::string_view Text(int column) const;
  std::string String(int column) const { return std::string(Text(column)); }

 private:
  sqlite3_stmt* statement() const { return prepared_.statement.get(); }
  [[noreturn]] void Throw(int result) const;
  void Check(int result) const {
    if (result != SQLITE_OK) Throw(result);
  }

  template <std::integral T>
  void Bind(int index, T value) {
    Check(sqlite3_bind_int64(statement(), index, static_cast<int64_t>(value)));
  }
  template <typename T>
  requires std::is_enum_v<T>
  void Bind(int index, T value) { Bind(index, static_cast<int64_t>(value)); }
  void Bind(int index, std::string_view text);
  void Bind(int index, Blob blob);
  template <typename T>
  void Bind(int index, const std::optional<T>& value) {
    if (value.has_value()) {
      Bind(index, *value);
    } else {
      Check(sqlite3_bind_null(statement(), index));
    }
  }

  Connection& connection_;
  Connection::Prepared& prepared_;
};

// What an SQLite result code means to a caller: a full, locked, read-only or unreachable disk is
// UNAVAILABLE, a damaged file DATA_LOSS, all else our own bug.
absl::Status StatusFromSqlite(int extended_code, std::string_view message);
absl::Status StatusFromException(const std::exception& exception);

// Runs `function`, which returns a Status or StatusOr; exceptions become statuses.
template <typename Function>
auto Guard(Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return StatusFromException(exception);
  }
}

}  // namespace campaigner::storage::sqlite

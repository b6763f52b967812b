// The ceiling of storage: our schema, our rows and our transitions, written by one thread that does
// nothing else.
//
//   bench_raw_sqlite FILE MESSAGES
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "schema/migrations.h"

namespace {

constexpr int64_t kGroup = 4000;  // Messages in a transaction: what ours come to under load.
constexpr int64_t kNow = 1'700'000'000'000'000;

void Check(int code, sqlite3* db, const char* what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  std::fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  std::exit(1);
}

void Execute(sqlite3* db, const char* sql) {
  Check(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), db, sql);
}

// With the server's settings: a ceiling, not a straw man.
sqlite3* Open(const char* path) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* db = nullptr;
  Check(sqlite3_open(path, &db), db, path);
  Execute(db, "PRAGMA journal_mode = WAL");
  Execute(db, "PRAGMA synchronous = FULL");
  Execute(db, "PRAGMA cache_size = -32768");
  Execute(db, "PRAGMA wal_autocheckpoint = 4000");
  for (const auto& migration : campaigner::schema::SqliteMigrations()) Execute(db, migration.sql);
  return db;
}

// A prepared statement; parameters are bound in order.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : db_(db) {
    Check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr), db,
          sql);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename... Values>
  void Run(const Values&... values) {
    int index = 0;
    (Bind(++index, values), ...);
    Check(sqlite3_step(statement_), db_, "step");
    sqlite3_reset(statement_);
  }

 private:
  void Bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void Bind(int index, const std::string& value) {
    sqlite3_bind_text(statement_, index, value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
  }

  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

class Ceiling {
 public:
  explicit Ceiling(sqlite3* db) : db_(db) {}

  void Accept(int64_t first, int64_t last) {
    Execute(db_, "BEGIN IMMEDIATE");
    for (int64_t id = first; id < last; ++id) {
      char recipient[16];
      std::snprintf(recipient, sizeof recipient, "7920%07lld",
                    static_cast<long long>(id % 10'000'000));
      message_.Run(id, kNow);
      body_.Run(id, std::string(recipient), text_);
    }
    Count(1, last - first);
    Execute(db_, "COMMIT");
  }

  // Rows of a file: three fields, no text of their own.
  void Import(int64_t first, int64_t last) {
    Execute(db_, "BEGIN IMMEDIATE");
    for (int64_t id = first; id < last; ++id) {
      char recipient[16];
      std::snprintf(recipient, sizeof recipient, "7900%07lld",
                    static_cast<long long>(id % 10'000'000));
      char fields[96];
      std::snprintf(fields, sizeof fields, R"({"age":"%lld","city":"Paris","name":"Name %lld"})",
                    static_cast<long long>(id % 100), static_cast<long long>(id));
      message_.Run(id, kNow);
      imported_.Run(id, std::string(recipient), std::string(fields));
    }
    Count(1, last - first);
    Execute(db_, "COMMIT");
  }

  // The three transitions of a message that is delivered, each in a commit of its own.
  void Deliver(int64_t first, int64_t last) {
    Execute(db_, "BEGIN IMMEDIATE");
    for (int64_t id = first; id < last; ++id) claim_.Run(id, first);
    Count(1, first - last);
    Count(2, last - first);
    Execute(db_, "COMMIT");
    Execute(db_, "BEGIN IMMEDIATE");
    for (int64_t id = first; id < last; ++id) {
      attempt_.Run(id, kNow);
      sent_.Run(id, kNow);
    }
    Count(2, first - last);
    Count(3, last - first);
    Execute(db_, "COMMIT");
    Execute(db_, "BEGIN IMMEDIATE");
    for (int64_t id = first; id < last; ++id) final_.Run(id, kNow);
    Count(3, first - last);
    Count(5, last - first);
    Execute(db_, "COMMIT");
  }

 private:
  void Count(int64_t state, int64_t messages) { counter_.Run(int64_t{1}, state, messages); }

  sqlite3* db_;
  const std::string text_ = "Your order has been shipped and comes tomorrow.";
  Statement message_{
      db_,
      "INSERT INTO message (id, campaign_id, route_id, state, eligible_open, segments, "
      "create_time) VALUES (?1, 1, 1, 1, 0, 1, ?2)"};
  Statement body_{
      db_,
      "INSERT INTO message_body (id, recipient, external_id, external_id_is_number, text, "
      "template_version) VALUES (?1, ?2, '', 0, ?3, 0)"};
  Statement imported_{
      db_,
      "INSERT INTO message_body (id, recipient, external_id, external_id_is_number, "
      "template_version, fields) VALUES (?1, ?2, '', 0, 0, ?3)"};
  Statement claim_{db_, "UPDATE message SET state = 2, claim_id = ?2 WHERE id = ?1"};
  Statement attempt_{db_,
                     "INSERT INTO attempt (message_id, number, route_id, outcome, "
                     "provider_message_id, detail, start_time, end_time) "
                     "VALUES (?1, 1, 1, 1, '', '', ?2, ?2)"};
  Statement sent_{
      db_,
      "UPDATE message SET state = 3, attempt_count = 1, claim_id = 0, due = ?2, send_time = ?2 "
      "WHERE id = ?1"};
  Statement final_{db_, "UPDATE message SET state = 5, due = NULL, final_time = ?2 WHERE id = ?1"};
  Statement counter_{
      db_,
      "INSERT INTO campaign_counter (campaign_id, state, messages, segments) "
      "VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO UPDATE SET "
      "messages = messages + excluded.messages, segments = segments + excluded.segments"};
};

template <typename Step>
double PerSecond(int64_t messages, int64_t first_id, Step step) {
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t id = first_id; id < first_id + messages; id += kGroup) step(id, id + kGroup);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(messages) / elapsed.count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int64_t messages = std::atoll(argv[2]) / kGroup * kGroup;
  // Of a former run.
  for (const char* suffix : {"", "-wal", "-shm"})
    std::remove((std::string(argv[1]) + suffix).c_str());
  sqlite3* db = Open(argv[1]);
  {
    Ceiling ceiling(db);
    const double insert =
        PerSecond(messages, 1, [&](int64_t first, int64_t last) { ceiling.Accept(first, last); });
    const double life = PerSecond(messages, messages + 1, [&](int64_t first, int64_t last) {
      ceiling.Accept(first, last);
      ceiling.Deliver(first, last);
    });
    const double import = PerSecond(messages, 2 * messages + 1, [&](int64_t first, int64_t last) {
      ceiling.Import(first, last);
    });
    std::printf(
        "{\"insert_per_second\": %.0f, \"life_per_second\": %.0f, \"import_per_second\": %.0f}\n",
        insert, life, import);
  }
  sqlite3_close(db);
  return 0;
}

// Bad days of the disk: while they last every write is refused with a clear error, and when they
// are over it works again without a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "SQLiteCpp/Database.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/full_disk.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage {
namespace {

using testing::FullDisk;
using testing::HasReason;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class FaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenSqliteStore({.path = path_});
    ASSERT_OK(store);
    store_ = *std::move(store);
  }

  absl::StatusOr<domain::Account> Write() {
    domain::Account account;
    account.display_name = std::string(10'000, 'x');
    return store_->CreateAccount(account, "", kNow);
  }
  size_t CountAccounts() { return store_->ListAccounts({0, 1000})->size(); }

  testing::TempDir folder_;
  const std::string path_ = folder_.File("test.db");
  std::unique_ptr<Store> store_;
};

TEST_F(FaultsTest, AFullDiskIsTemporary) {
  ASSERT_OK(Write());
  size_t stored = 1;
  {
    const FullDisk full(std::filesystem::file_size(path_ + "-wal") + 50'000);
    absl::Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) {
      status = Write().status();
      if (status.ok()) ++stored;
    }
    EXPECT_THAT(status, HasReason("STORAGE_UNAVAILABLE"));
    EXPECT_THAT(Write(), HasReason("STORAGE_UNAVAILABLE"));
    EXPECT_THAT(store_->Ready(), HasReason("STORAGE_UNAVAILABLE"));
    EXPECT_EQ(CountAccounts(), stored);
  }
  // Readiness comes back by itself: who waits for it sends nothing until then.
  EXPECT_OK(store_->Ready());
  ASSERT_OK(Write());
  EXPECT_EQ(CountAccounts(), stored + 1);
  store_.reset();
  SQLite::Database database(path_, SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST_F(FaultsTest, AForeignLockIsTemporary) {
  ASSERT_OK(Write());
  {
    SQLite::Database foreign(path_, SQLite::OPEN_READWRITE);
    foreign.exec("BEGIN IMMEDIATE");
    EXPECT_THAT(Write(), HasReason("STORAGE_UNAVAILABLE"));
    EXPECT_EQ(CountAccounts(), 1u);
    foreign.exec("ROLLBACK");
  }
  ASSERT_OK(Write());
  EXPECT_EQ(CountAccounts(), 2u);
}

TEST_F(FaultsTest, WhileIdleReadinessIsTriedOut) {
  EXPECT_OK(store_->Ready());
  EXPECT_OK(store_->Ready());
  SQLite::Database foreign(path_, SQLite::OPEN_READWRITE);
  foreign.exec("BEGIN IMMEDIATE");
  // The write that was done to answer the question before is no proof for this one.
  absl::Status status = store_->Ready();
  if (status.ok()) status = store_->Ready();
  EXPECT_THAT(status, HasReason("STORAGE_UNAVAILABLE"));
}

TEST_F(FaultsTest, AReaderDoesNotHoldUpWrites) {
  SQLite::Database foreign(path_, SQLite::OPEN_READONLY);
  foreign.exec("BEGIN");
  ASSERT_EQ(foreign.execAndGet("SELECT count(*) FROM account").getInt(), 0);
  ASSERT_OK(Write());
  EXPECT_EQ(CountAccounts(), 1u);
}

}  // namespace
}  // namespace campaigner::storage

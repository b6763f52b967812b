#include "server/storage/sqlite/migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage::sqlite {
namespace {

using testing::HasReason;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr schema::Migration kFirst{1, "001_first", "aa", "CREATE TABLE one (id INTEGER) STRICT;"};
constexpr schema::Migration kSecond{2, "002_second", "bb",
                                    "CREATE TABLE two (id INTEGER) STRICT;"
                                    "INSERT INTO one VALUES (7);"};

class MigrateTest : public ::testing::Test {
 protected:
  int64_t Count(const char* sql) {
    Query query(connection_, sql);
    query.Step();
    return query.Int(0);
  }

  testing::TempDir folder_;
  Connection connection_{folder_.File("test.db"), {.is_writer = true}};
};

TEST_F(MigrateTest, AppliesWhatIsMissingOnce) {
  ASSERT_OK(Migrate(connection_, std::vector{kFirst}));
  ASSERT_OK(Migrate(connection_, std::vector{kFirst, kSecond}));
  ASSERT_OK(Migrate(connection_, std::vector{kFirst, kSecond}));
  EXPECT_EQ(Count("SELECT count(*) FROM migration"), 2);
  EXPECT_EQ(Count("SELECT count(*) FROM one"), 1);
}

TEST_F(MigrateTest, AFailedMigrationLeavesNothingOfItself) {
  constexpr schema::Migration kBroken{2, "002_broken", "cc",
                                      "CREATE TABLE two (id INTEGER) STRICT; CREATE NONSENSE;"};
  EXPECT_THAT(Migrate(connection_, std::vector{kFirst, kBroken}),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(Count("SELECT count(*) FROM migration"), 1);
  EXPECT_EQ(Count("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
  ASSERT_OK(Migrate(connection_, std::vector{kFirst, kSecond}));
}

TEST_F(MigrateTest, RefusesWhatANewerVersionWrote) {
  ASSERT_OK(Migrate(connection_, std::vector{kFirst, kSecond}));
  EXPECT_THAT(Migrate(connection_, std::vector{kFirst}), HasReason("STORAGE_TOO_NEW"));
}

TEST_F(MigrateTest, RefusesAMigrationThatWasChangedAfterwards) {
  ASSERT_OK(Migrate(connection_, std::vector{kFirst}));
  schema::Migration changed = kFirst;
  changed.checksum = "dd";
  EXPECT_THAT(Migrate(connection_, std::vector{changed}), HasReason("STORAGE_FOREIGN"));
}

TEST_F(MigrateTest, RefusesTheFileOfAnotherProgram) {
  connection_.Execute("CREATE TABLE theirs (id INTEGER)");
  EXPECT_THAT(Migrate(connection_, std::vector{kFirst}), HasReason("STORAGE_FOREIGN"));
}

TEST_F(MigrateTest, NumbersAreInOrderWithoutGaps) {
  int expected = 0;
  for (const schema::Migration& migration : schema::SqliteMigrations()) {
    EXPECT_EQ(migration.number, ++expected);
    EXPECT_THAT(std::string(migration.checksum), SizeIs(64));
  }
}

// schema/sqlite/schema.sql shows what all migrations together make. CAMPAIGNER_UPDATE_SCHEMA=1
// writes it anew.
TEST_F(MigrateTest, TheSchemaIsTheOneThatIsShown) {
  ASSERT_OK(Migrate(connection_, schema::SqliteMigrations()));
  std::string made =
      "-- Made from the migrations: shown here to be read, and compared by a test.\n";
  {
    Query query(connection_,
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
                "ORDER BY tbl_name, type DESC, name");
    while (query.Step()) made += "\n" + query.String(0) + ";\n";
  }
  const std::string path = CAMPAIGNER_SOURCE_DIR "/schema/sqlite/schema.sql";
  if (std::getenv("CAMPAIGNER_UPDATE_SCHEMA") != nullptr) std::ofstream(path) << made;
  std::ostringstream shown;
  shown << std::ifstream(path).rdbuf();
  EXPECT_EQ(made, shown.str()) << "run this test with CAMPAIGNER_UPDATE_SCHEMA=1";
}

TEST(OpenSqliteStoreTest, ASecondServerIsRefusedAndToldWhy) {
  const testing::TempDir folder;
  const SqliteOptions options{.path = folder.File("test.db")};
  {
    const auto first = OpenSqliteStore(options);
    ASSERT_OK(first);
    const auto second = OpenSqliteStore(options);
    EXPECT_THAT(second, HasReason("STORAGE_IN_USE"));
    EXPECT_THAT(std::string(second.status().message().data(), second.status().message().size()),
                HasSubstr(std::to_string(getpid())));
  }
  EXPECT_OK(OpenSqliteStore(options));
}

TEST(OpenSqliteStoreTest, AFileThatIsNoDatabaseIsRefused) {
  const testing::TempDir folder;
  std::ofstream(folder.File("test.db")) << std::string(8192, 'x');
  EXPECT_THAT(OpenSqliteStore({.path = folder.File("test.db")}),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(OpenSqliteStoreTest, AMissingFolderIsNamed) {
  const testing::TempDir folder;
  EXPECT_THAT(OpenSqliteStore({.path = folder.File("no/test.db")}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no/test.db")));
}

}  // namespace
}  // namespace campaigner::storage::sqlite

#include "server/storage/sqlite/address_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "schema/migrations.h"
#include "server/storage/sqlite/migrate.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage::sqlite {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Stored numbers: what is on disk would not be found any more.
TEST(HashAddressTest, IsTheSameForEver) {
  EXPECT_EQ(HashAddress("79201234567"), (AddressHash{105, 293904375u}));
  EXPECT_EQ(HashAddress(""), (AddressHash{236, 3124622019u}));
}

TEST(HashAddressTest, SpreadsNumbersThatFollowEachOther) {
  std::map<uint8_t, int> buckets;
  std::set<uint32_t> rests;
  constexpr int kNumbers = 25'600;
  for (int i = 0; i < kNumbers; ++i) {
    const AddressHash hash = HashAddress(std::to_string(79'200'000'000 + i));
    ++buckets[hash.bucket];
    rests.insert(hash.rest);
  }
  EXPECT_EQ(buckets.size(), 256u);
  for (const auto& [bucket, count] : buckets) EXPECT_LT(count, 200) << int{bucket};
  EXPECT_GT(rests.size(), kNumbers - 3u);
}

class AddressIndexTest : public ::testing::Test {
 protected:
  AddressIndexTest() { EXPECT_OK(Migrate(db_, schema::SqliteMigrations())); }

  // As the groups of the writer do it.
  void Add(const std::vector<AddressEntry>& added, bool is_committed = true,
           const std::vector<int64_t>& erased_ids = {}) {
    Query(db_, sql::kBegin).Run();
    writer_.Write(db_, added, erased_ids);
    Query(db_, is_committed ? sql::kCommit : sql::kRollback).Run();
    if (is_committed) {
      writer_.Commit(added);
    } else {
      writer_.Abandon();
    }
  }
  // `count` messages to numbers of their own.
  void AddMany(int64_t first_id, size_t count, bool is_committed = true) {
    std::vector<AddressEntry> added;
    for (size_t i = 0; i < count; ++i) {
      const int64_t id = first_id + static_cast<int64_t>(i);
      added.push_back({HashAddress(Number(id)), id});
    }
    Add(added, is_committed);
  }
  static std::string Number(int64_t id) { return std::to_string(79'000'000'000 + id); }

  // In the runs.
  std::vector<int64_t> FindStored(const std::string& address) {
    std::vector<int64_t> ids;
    const AddressHash hash = HashAddress(address);
    Query query(db_, sql::kAddressRunsDown, hash.bucket, INT64_MAX);
    while (query.Step()) {
      for (const int64_t id : FindInRun(query.Text(1), query.Int(0), hash.rest)) ids.push_back(id);
    }
    return ids;
  }
  std::vector<int64_t> FindRecent(const std::string& address) {
    return recent_.Find(HashAddress(address));
  }

  const testing::TempDir folder_;
  Connection db_{folder_.File("test.db"), {.is_writer = true}};
  RecentAddresses recent_;
  AddressWriter writer_{recent_};
};

TEST_F(AddressIndexTest, TheNewestAreInMemoryAndBecomeARun) {
  AddMany(1, kRunMessages - 1);
  EXPECT_THAT(FindRecent(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindStored(Number(7)), IsEmpty());
  AddMany(kRunMessages, 3);
  EXPECT_THAT(FindRecent(Number(7)), IsEmpty());
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindStored(Number(kRunMessages + 2)), ElementsAre(kRunMessages + 2));
  EXPECT_THAT(FindStored(Number(kRunMessages + 3)), IsEmpty());
}

TEST_F(AddressIndexTest, AGroupThatIsLostLeavesNothing) {
  AddMany(1, kRunMessages - 1);
  AddMany(kRunMessages, 10, /*is_committed=*/false);
  EXPECT_THAT(FindStored(Number(7)), IsEmpty());
  EXPECT_THAT(FindRecent(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindRecent(Number(kRunMessages)), IsEmpty());
  AddMany(kRunMessages + 10, 1);
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindStored(Number(kRunMessages + 10)), ElementsAre(kRunMessages + 10));
}

TEST_F(AddressIndexTest, IdsThatAreTooFarApartAreInRunsOfTheirOwn) {
  constexpr int64_t kFar = int64_t{UINT32_MAX} + 2;
  AddMany(1, 2);
  AddMany(kFar, 1);
  EXPECT_THAT(FindStored(Number(1)), ElementsAre(1));
  EXPECT_THAT(FindRecent(Number(kFar)), ElementsAre(kFar));
}

TEST_F(AddressIndexTest, WhatIsOlderThanTheIndexIsAddedAtTheStart) {
  Query(db_, sql::kBegin).Run();
  for (size_t id = 1; id <= kRunMessages + 5; ++id) {
    Query(db_, sql::kInsertBody, id, id % 1000 == 0 ? std::string() : Number(int64_t(id)), "", 0,
          std::optional<std::string>(), 1, std::optional<std::string>(), std::optional<int64_t>())
        .Run();
  }
  Query(db_, sql::kCommit).Run();
  writer_.Load(db_);
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindRecent(Number(kRunMessages + 1)), ElementsAre(kRunMessages + 1));
  // Erased ones.
  EXPECT_THAT(FindStored(""), IsEmpty());
  writer_.Load(db_);
  EXPECT_THAT(FindRecent(Number(kRunMessages + 1)), ElementsAre(kRunMessages + 1));
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
}

TEST_F(AddressIndexTest, WhatIsForgottenIsGoneAndTheRestStays) {
  const std::string twice = Number(3);
  AddMany(1, kRunMessages);
  Add({{HashAddress(twice), 100'000}});
  recent_.Forget(HashAddress(twice), {100'000});
  ForgetInRuns(db_, HashAddress(twice), {3, 100'000});
  EXPECT_THAT(FindStored(twice), IsEmpty());
  EXPECT_THAT(FindRecent(twice), IsEmpty());
  for (int64_t id = 1; id <= int64_t{kRunMessages}; id += 97) {
    if (id == 3) continue;
    ASSERT_THAT(FindStored(Number(id)), ElementsAre(id));
  }
}

// The erasure cannot take it out of a run that is not there yet.
TEST_F(AddressIndexTest, WhatIsErasedWithTheGroupThatWritesARunIsNotInIt) {
  AddMany(1, kRunMessages - 2);
  const AddressHash hash = HashAddress(Number(7));
  constexpr auto kAgain = static_cast<int64_t>(kRunMessages);
  constexpr int64_t kOther = kAgain + 1;
  Add({{hash, kAgain}, {HashAddress(Number(kOther)), kOther}}, true, {kAgain, 7});
  EXPECT_THAT(FindStored(Number(7)), IsEmpty());
  EXPECT_THAT(FindStored(Number(8)), ElementsAre(8));
  EXPECT_THAT(FindStored(Number(kOther)), ElementsAre(kOther));
}

TEST_F(AddressIndexTest, RunsWithoutAMessageAreDeletedWherePruningCameBy) {
  const auto runs = [&](int64_t first_id) { return first_id * int64_t{kRunMessages} + 1; };
  for (int64_t run = 0; run < 3; ++run) AddMany(runs(run), kRunMessages);
  const std::optional<int64_t> none;
  const auto insert = [&](int64_t id) {
    Query(db_, sql::kInsertMessage, id, 1, 1, none, none, 1, 0, 0).Run();
  };
  // An old one that stays keeps its own run, and no other.
  insert(5);
  insert(runs(2));
  PruneRuns(db_, 1, runs(1) - 1);
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
  PruneRuns(db_, 6, runs(1) + 3);
  EXPECT_THAT(FindStored(Number(7)), ElementsAre(7));
  EXPECT_THAT(FindStored(Number(runs(1) + 7)), IsEmpty());
  EXPECT_THAT(FindStored(Number(runs(2) + 7)), ElementsAre(runs(2) + 7));
}

}  // namespace
}  // namespace campaigner::storage::sqlite

#include "server/storage/sqlite/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <vector>

#include "schema/migrations.h"
#include "server/base/limits.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/migrate.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/threads.h"

namespace campaigner::storage::sqlite {
namespace {

using ::testing::AnyOf;
using testing::HasReason;
using testing::IsOk;

constexpr char kInsert[] = "INSERT INTO installation_secret (name, value) VALUES (?1, x'00')";
constexpr char kCount[] = "SELECT count(*) FROM installation_secret";

// Writes one row each; the first of a group can be held so that others queue up behind it.
class WriterTest : public ::testing::Test {
 protected:
  WriterTest() { Start({.queue_max = 8, .queue_bytes_max = 10'000}); }

  void Start(const WriterOptions& options) {
    auto connection =
        std::make_unique<Connection>(folder_.File("test.db"), ConnectionOptions{.is_writer = true});
    EXPECT_OK(Migrate(*connection, schema::SqliteMigrations()));
    writer_ = std::make_unique<Writer>(std::move(connection), caches_, options);
    writer_->Start();
  }

  static absl::Status Insert(Transaction& transaction, int64_t name) {
    Query(transaction.db(), kInsert, name).Run();
    return absl::OkStatus();
  }

  // Queues `run`; its result is appended to results_.
  template <typename Run>
  std::future<absl::Status> Submit(Run run, WriteSize size = {},
                                   Admission admission = Admission::kAlways) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    writer_->Submit<Run, absl::Status>(size, admission, std::move(run), [promise](absl::Status s) {
      promise->set_value(std::move(s));
    });
    return promise->get_future();
  }

  // Holds the writer until `release` counts down.
  std::future<absl::Status> Hold(std::latch& release) {
    auto is_held = std::make_shared<std::latch>(1);
    auto result = Submit([&release, is_held](Transaction&) {
      is_held->count_down();
      release.wait();
      return absl::OkStatus();
    });
    is_held->wait();
    return result;
  }

  int64_t CountRows() {
    return *writer_->Call({}, Admission::kAlways,
                          [](Transaction& transaction) -> absl::StatusOr<int64_t> {
                            Query query(transaction.db(), kCount);
                            query.Step();
                            return query.Int(0);
                          });
  }

  testing::TempDir folder_;
  Caches caches_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, WhatQueuesUpIsCommittedTogether) {
  std::latch release(1);
  auto held = Hold(release);
  std::vector<std::future<absl::Status>> results;
  for (int i = 0; i < 5; ++i) {
    results.push_back(Submit([i](Transaction& transaction) { return Insert(transaction, i); }));
  }
  EXPECT_EQ(writer_->QueueLength(), 5u);
  const uint64_t before = writer_->Health().groups;
  release.count_down();
  for (auto& result : results) EXPECT_OK(result.get());
  writer_->Drain();
  EXPECT_EQ(writer_->Health().groups, before + 2);  // The held one, and the five.
}

// Gathers for as long as a test may take, so that only what else ends it can.
class GatheringWriterTest : public WriterTest {
 protected:
  using Results = std::vector<std::future<absl::Status>>;

  GatheringWriterTest() {
    writer_.reset();
    Start({.queue_max = 100, .queue_bytes_max = 10'000'000, .gather_time = absl::Hours(1)});
  }

  std::future<absl::Status> Send(WriteSize size = {}) {
    return Submit([](Transaction&) { return absl::OkStatus(); }, size, Admission::kNewWork);
  }

  Results SendAtOnce(size_t callers) {
    Results results;
    for (size_t i = 0; i < callers; ++i) results.push_back(Send());
    return results;
  }

  static void ExpectAnswers(Results results) {
    for (auto& result : results) EXPECT_OK(result.get());
  }

  // Makes the writer see `callers` at a time.
  void MeetCallers(size_t callers) {
    std::latch release(1);
    auto held = Hold(release);
    Results results = SendAtOnce(callers);
    release.count_down();
    ExpectAnswers(std::move(results));
  }
};

TEST_F(GatheringWriterTest, FewCallersAreNeverKept) {
  EXPECT_OK(Send().get());
  MeetCallers(kGatherCallersMin - 1);
  EXPECT_OK(Send().get());
}

TEST_F(GatheringWriterTest, ManyCallersAreWaitedForUntilAllAreThere) {
  MeetCallers(kGatherCallersMin + 1);
  const uint64_t before = writer_->Health().groups;
  Results results;
  for (size_t i = 0; i < kGatherCallersMin + 1; ++i) {
    EXPECT_EQ(writer_->Health().groups, before);
    results.push_back(Send());
  }
  ExpectAnswers(std::move(results));
  writer_->Drain();
  EXPECT_EQ(writer_->Health().groups, before + 1);
}

TEST_F(GatheringWriterTest, WhatIsWorthACommitIsNotKept) {
  MeetCallers(2 * kGatherRequestsMax);
  ExpectAnswers(SendAtOnce(kGatherRequestsMax));
  EXPECT_OK(Send({.rows = 100, .bytes = kGatherBytesMax}).get());
}

TEST_F(GatheringWriterTest, CallersWhoStayAwayAreForgotten) {
  MeetCallers(kGatherCallersMin);
  for (int group = 0; group < 2 * Crowd::kGroupsRemembered; ++group) {
    EXPECT_OK(Send({.bytes = kGatherBytesMax}).get());
  }
  EXPECT_OK(Send().get());
}

TEST_F(GatheringWriterTest, DrainingEndsTheGathering) {
  MeetCallers(kGatherCallersMin);
  auto waiting = Send();
  writer_->Drain();
  EXPECT_OK(waiting.get());
}

// With the time as it is: one who comes without the others is answered.
TEST_F(WriterTest, CallersAreNotWaitedForLong) {
  writer_.reset();
  Start({.queue_max = 8, .queue_bytes_max = 10'000, .gather_time = absl::Milliseconds(2)});
  std::latch release(1);
  auto held = Hold(release);
  std::vector<std::future<absl::Status>> results;
  for (size_t i = 0; i < kGatherCallersMin + 1; ++i) {
    results.push_back(
        Submit([](Transaction&) { return absl::OkStatus(); }, {}, Admission::kNewWork));
  }
  release.count_down();
  for (auto& result : results) EXPECT_OK(result.get());
  EXPECT_OK(Submit([](Transaction&) { return absl::OkStatus(); }).get());
}

TEST_F(WriterTest, AWriteThatFailsIsUndoneAlone) {
  std::latch release(1);
  auto held = Hold(release);
  auto first = Submit([](Transaction& transaction) { return Insert(transaction, 1); });
  auto refused = Submit([](Transaction& transaction) {
    EXPECT_OK(Insert(transaction, 2));
    transaction.Count(1, domain::MessageState::kAccepted, {1, 1, 1});
    transaction.effects().publish.emplace_back([] { ADD_FAILURE() << "published"; });
    return domain::errors::CampaignNotFound(5);
  });
  // An exception of SQLite: the name is taken.
  auto broken = Submit([](Transaction& transaction) {
    EXPECT_OK(Insert(transaction, 3));
    return Insert(transaction, 1);
  });
  auto last = Submit([](Transaction& transaction) { return Insert(transaction, 4); });
  release.count_down();
  EXPECT_OK(first.get());
  EXPECT_THAT(refused.get(), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_THAT(broken.get(), HasReason("INTERNAL"));
  EXPECT_OK(last.get());
  EXPECT_EQ(CountRows(), 2);
}

TEST_F(WriterTest, AWriteThatFailsAloneIsUndoneToo) {
  auto refused = Submit([](Transaction& transaction) {
    EXPECT_OK(Insert(transaction, 1));
    return domain::errors::CampaignNotFound(5);
  });
  EXPECT_THAT(refused.get(), HasReason("CAMPAIGN_NOT_FOUND"));
  EXPECT_EQ(CountRows(), 0);
  EXPECT_FALSE(writer_->Health().is_failing);
}

TEST_F(WriterTest, AFullQueueRefusesAtOnceAndNewWorkFirst) {
  std::latch release(1);
  auto held = Hold(release);
  const auto insert = [](int64_t name) {
    return [name](Transaction& transaction) { return Insert(transaction, name); };
  };
  std::vector<std::future<absl::Status>> taken;
  for (int i = 0; i < 6; ++i) taken.push_back(Submit(insert(i), {}, Admission::kNewWork));
  EXPECT_THAT(Submit(insert(6), {}, Admission::kNewWork).get(), HasReason("OVERLOADED"));
  taken.push_back(Submit(insert(7)));
  taken.push_back(Submit(insert(8)));
  EXPECT_THAT(Submit(insert(9)).get(), HasReason("OVERLOADED"));
  EXPECT_THAT(writer_->Accepts(), HasReason("OVERLOADED"));
  release.count_down();
  for (auto& result : taken) EXPECT_OK(result.get());
  EXPECT_EQ(CountRows(), 8);
}

TEST_F(WriterTest, TheQueueIsBoundedInBytesToo) {
  std::latch release(1);
  auto held = Hold(release);
  const auto insert = [](int64_t name) {
    return [name](Transaction& transaction) { return Insert(transaction, name); };
  };
  auto large = Submit(insert(1), {.rows = 1, .bytes = 50'000});  // Alone it is taken.
  EXPECT_THAT(Submit(insert(2)).get(), HasReason("OVERLOADED"));
  release.count_down();
  EXPECT_OK(large.get());
  EXPECT_OK(Submit(insert(2), {.rows = 1, .bytes = 9'999}).get());
}

TEST_F(WriterTest, ALargeQueueIsCommittedInGroups) {
  std::latch release(1);
  auto held = Hold(release);
  std::vector<std::future<absl::Status>> results;
  for (int i = 0; i < 4; ++i) {
    results.push_back(Submit([i](Transaction& transaction) { return Insert(transaction, i); },
                             {.rows = base::limits::kGroupRowsMax / 2, .bytes = 1}));
  }
  const uint64_t before = writer_->Health().groups;
  release.count_down();
  for (auto& result : results) EXPECT_OK(result.get());
  writer_->Drain();
  EXPECT_EQ(writer_->Health().groups, before + 3);
}

TEST_F(WriterTest, AWriteSeesThoseBeforeItInItsGroup) {
  std::latch release(1);
  auto held = Hold(release);
  auto first = Submit([](Transaction& transaction) {
    CampaignRow row;
    row.campaign.id = 5;
    row.campaign.display_name = "changed";
    transaction.PutCampaign(std::make_shared<const CampaignRow>(row));
    transaction.Count(5, domain::MessageState::kSent, {2, 2, 2});
    return absl::OkStatus();
  });
  auto second = Submit([](Transaction& transaction) {
    EXPECT_EQ(transaction.FindCampaign(5)->campaign.display_name, "changed");
    EXPECT_EQ(transaction.CountOpen(5), 2);
    transaction.EraseCampaign(5);
    EXPECT_EQ(transaction.FindCampaign(5), nullptr);
    return absl::CancelledError();
  });
  auto third = Submit([](Transaction& transaction) {
    EXPECT_NE(transaction.FindCampaign(5), nullptr);
    return absl::OkStatus();
  });
  release.count_down();
  EXPECT_OK(first.get());
  EXPECT_FALSE(second.get().ok());
  EXPECT_OK(third.get());
  EXPECT_EQ((*caches_.campaigns.Find(5))->campaign.display_name, "changed");
}

// What a failed commit would have shown must not be seen by anybody.
TEST_F(WriterTest, AFailedCommitFailsAllAndShowsNothing) {
  std::latch release(1);
  auto held = Hold(release);
  auto first = Submit([](Transaction& transaction) {
    CampaignRow row;
    row.campaign.id = 5;
    transaction.PutCampaign(std::make_shared<const CampaignRow>(row));
    return Insert(transaction, 1);
  });
  // A broken reference is found out only by COMMIT.
  auto second = Submit([](Transaction& transaction) {
    transaction.db().Execute(
        "PRAGMA defer_foreign_keys = ON;"
        "INSERT INTO campaign_template (campaign_id, version, text) VALUES (77, 1, '')");
    return absl::OkStatus();
  });
  release.count_down();
  EXPECT_THAT(first.get(), testing::StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(second.get(), testing::StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(CountRows(), 0);
  EXPECT_EQ(caches_.campaigns.Find(5), std::nullopt);
  EXPECT_OK(Submit([](Transaction& transaction) { return Insert(transaction, 1); }).get());
}

// Some are refused, some break their whole group: each caller gets its own answer, and what was
// answered OK is there.
TEST_F(WriterTest, ManyThreadsUseItAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 60;
  std::atomic<int64_t> stored = 0;
  const auto write = [&](int64_t name) {
    auto result = Submit([name](Transaction& transaction) {
      if (name % 5 == 1) return domain::errors::CampaignNotFound(name);
      if (name % 20 == 2) {
        transaction.db().Execute(
            "PRAGMA defer_foreign_keys = ON;"
            "INSERT INTO campaign_template (campaign_id, version, text) VALUES (77, 1, '')");
      }
      return Insert(transaction, name);
    });
    const absl::Status status = result.get();
    if (status.ok()) {
      ++stored;
    } else {
      EXPECT_THAT(status, AnyOf(HasReason("CAMPAIGN_NOT_FOUND"), HasReason("INTERNAL")));
    }
    EXPECT_FALSE(status.ok() && name % 5 == 1);
    (void)writer_->QueueLength();
    (void)writer_->Health();
    (void)writer_->Accepts();
  };
  testing::InThreads(kThreads, [&](int thread) {
    for (int i = 0; i < kWrites; ++i) write(thread * kWrites + i);
  });
  EXPECT_GT(stored, 0);
  EXPECT_EQ(CountRows(), stored);
}

}  // namespace
}  // namespace campaigner::storage::sqlite

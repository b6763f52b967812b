// The provider has answered, and the store cannot write it down: dispatch is the only one who knows
// what happened, and must neither forget it nor do it again.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>

#include "tests/support/full_disk.h"
#include "tests/unit/dispatch/core_fixture.h"

namespace campaigner::testing {
namespace {

using domain::AttemptOutcome;
using domain::MessageState;

class DiskFullTest : public CoreFixture {
 protected:
  void FillDisk() { full_.emplace(std::filesystem::file_size(options_.path + "-wal")); }
  void MakeRoom() { full_.reset(); }

  // How often the provider got each message.
  std::map<int64_t, int> Times() {
    std::map<int64_t, int> times;
    for (const auto& given : provider().given) ++times[given.submission.message_id];
    return times;
  }

 private:
  std::optional<FullDisk> full_;
};

TEST_F(DiskFullTest, OutcomesWaitAndAreStoredOnce) {
  constexpr int kMessages = 500;
  dispatch::OutlookBoard outlook;
  options_.outlook = &outlook;
  options_.routes[0].concurrency_max = 50;
  Start();
  const int64_t campaign = Create(Draft());
  const int64_t first = Send(campaign, kMessages);
  provider().is_holding = true;
  core_->Settle();
  ASSERT_GE(provider().given.size(), 50U);
  ASSERT_LT(provider().given.size(), 500U) << "nothing is left to be claimed";

  FillDisk();
  provider().Release();
  core_->Settle();
  // What was claimed already may still go.
  const size_t given = provider().given.size();
  EXPECT_LT(given, 500U);
  // Far longer than the leases.
  Run(2 * base::limits::kClaimLease + absl::Minutes(1));
  EXPECT_EQ(provider().given.size(), given) << "claims go on without a disk";
  EXPECT_EQ(core_->metrics().outcomes_waiting, static_cast<int64_t>(given));
  EXPECT_GT(core_->metrics().store_retries, 0);
  const auto hint = outlook.Find(campaign, clock_.Now());
  ASSERT_TRUE(hint.has_value());
  EXPECT_EQ(hint->hold, dispatch::Hold::kStorageUnavailable);
  for (int64_t id = first; id < first + kMessages; ++id) {
    EXPECT_LT(Get(id).state, MessageState::kSent) << id;
  }

  MakeRoom();
  Run(absl::Minutes(2));
  EXPECT_EQ(core_->metrics().outcomes_waiting, 0);
  EXPECT_EQ(core_->metrics().rescued, 0) << "its own claims lapsed";
  const std::map<int64_t, int> times = Times();
  EXPECT_EQ(times.size(), 500U);
  for (const auto& [id, count] : times) {
    EXPECT_EQ(count, 1) << "message " << id << " went out more than once";
    const domain::Message message = Get(id);
    EXPECT_EQ(message.state, MessageState::kSent);
    ASSERT_EQ(message.attempts.size(), 1U) << id;
    EXPECT_EQ(message.attempts[0].outcome, AttemptOutcome::kAccepted);
  }
}

TEST_F(DiskFullTest, ReceiptsWaitToo) {
  Start();
  const int64_t first = Send(Create(Draft()), 10);
  core_->Settle();
  FillDisk();
  for (int64_t id = first; id < first + 10; ++id) {
    providers::Receipt receipt;
    receipt.message_id = id;
    receipts_->Add({receipt});
  }
  Run(absl::Minutes(1));
  EXPECT_EQ(Get(first).state, MessageState::kSent);
  EXPECT_EQ(receipts_->backlog(), 10U);
  MakeRoom();
  Run(absl::Minutes(1));
  EXPECT_EQ(receipts_->backlog(), 0U);
  EXPECT_EQ(core_->metrics().receipts_applied, 10);
  for (int64_t id = first; id < first + 10; ++id) {
    EXPECT_EQ(Get(id).state, MessageState::kDelivered) << id;
  }
}

}  // namespace
}  // namespace campaigner::testing

#include "server/dispatch/outcome_writer.h"

#include <gmock/gmock.h>

#include <memory>
#include <utility>
#include <vector>

namespace campaigner::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Takes outcomes, and stores them when the test says so. The rest is not asked for.
class HeldStore : public storage::DispatchStore {
 public:
  void RecordOutcomes(std::vector<storage::OutcomeRecord> outcomes, absl::Time,
                      Done done) override {
    sizes.push_back(outcomes.size());
    pending.push_back(std::move(done));
  }

  using OptionalTime = absl::StatusOr<std::optional<absl::Time>>;
  using Step = absl::StatusOr<storage::StepResult>;
  MOCK_METHOD(void, ClaimMessages,
              (std::vector<storage::LaneClaim>, const std::string&, absl::Time, absl::Time,
               ClaimDone),
              (override));
  MOCK_METHOD(absl::Status, RenewLeases, (const std::string&, absl::Time), (override));
  MOCK_METHOD(void, ApplyReceipts, (std::vector<storage::ReceiptRecord>, absl::Time, ReceiptsDone),
              (override));
  MOCK_METHOD(absl::StatusOr<std::vector<storage::LaneClaim>>, ListReadyLanes,
              (int64_t, int64_t, int32_t), (override));
  MOCK_METHOD(Step, PromoteDue, (absl::Time, int32_t), (override));
  MOCK_METHOD(OptionalTime, NextPromotion, (), (override));
  MOCK_METHOD(Step, ExpireReady, (int64_t, absl::Duration, absl::Time, int32_t), (override));
  MOCK_METHOD(Step, ExpireStatuses, (absl::Time, int32_t), (override));
  MOCK_METHOD(OptionalTime, NextStatusDeadline, (), (override));
  MOCK_METHOD(Step, EndWaiting,
              (int64_t, domain::MessageState, domain::StateReason, absl::Time, int32_t),
              (override));
  MOCK_METHOD(absl::StatusOr<std::optional<storage::WaitingMessages>>, PeekWaiting, (int64_t),
              (override));
  MOCK_METHOD(absl::StatusOr<bool>, FinishIfSent, (int64_t, absl::Time), (override));
  MOCK_METHOD(absl::StatusOr<bool>, FinishIfDone, (int64_t, absl::Time), (override));
  MOCK_METHOD(absl::StatusOr<std::vector<storage::ClaimedMessage>>, ListLapsedClaims,
              (absl::Time, int32_t), (override));
  MOCK_METHOD(absl::Status, LapseOtherClaims, (const std::string&, absl::Time), (override));
  MOCK_METHOD(Step, RerouteStray,
              (const std::vector<KnownRoute>&, const storage::RoutePicker&, absl::Time, int32_t),
              (override));
  MOCK_METHOD(Step, Prune, (absl::Time, absl::Time, int32_t), (override));

  std::vector<size_t> sizes;
  std::vector<Done> pending;
};

class OutcomeWriterTest : public ::testing::Test {
 protected:
  void Add(size_t count) {
    for (size_t i = 0; i < count; ++i) writer_.Add({});
  }
  // When the writer wants to be called again.
  absl::Time Flush(bool is_urgent = false) {
    absl::Time wake = absl::InfiniteFuture();
    writer_.Flush(now_, is_urgent, wake);
    return wake;
  }
  void StoreAll(const absl::Status& status = absl::OkStatus()) {
    for (auto& done : std::exchange(store_.pending, {})) done(status);
    for (auto& [write, stored] : inbox_->Take().outcomes_stored) {
      writer_.OnStored(write, stored, now_);
    }
  }

  ::testing::StrictMock<HeldStore> store_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  DispatchMetrics metrics_{RouteTable()};
  OutcomeWriter writer_{store_, inbox_, metrics_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(OutcomeWriterTest, FewOutcomesWaitForMoreButNotForLong) {
  Add(1);
  Flush();
  EXPECT_THAT(store_.sizes, ElementsAre(1));  // Nothing came just before.
  StoreAll();
  Add(2);
  EXPECT_EQ(Flush(), now_ + OutcomeWriter::kGatherTime);
  now_ += OutcomeWriter::kGatherTime / 2;
  Add(3);
  Flush();
  EXPECT_THAT(store_.sizes, ElementsAre(1));
  now_ += OutcomeWriter::kGatherTime / 2;
  Flush();
  EXPECT_THAT(store_.sizes, ElementsAre(1, 5));
}

TEST_F(OutcomeWriterTest, WhatHasItsReceiptDoesNotWait) {
  Add(1);
  Flush();
  StoreAll();
  Add(2);
  Flush(true);
  EXPECT_THAT(store_.sizes, ElementsAre(1, 2));
}

TEST_F(OutcomeWriterTest, ManyOutcomesDoNotWait) {
  Add(1);
  Flush();
  StoreAll();
  Add(OutcomeWriter::kSecondGroupMin);
  Flush();
  EXPECT_THAT(store_.sizes, ElementsAre(1, OutcomeWriter::kSecondGroupMin));
  Add(OutcomeWriter::kGroupMax + 1);
  Flush();
  EXPECT_THAT(store_.sizes,
              ElementsAre(1, OutcomeWriter::kSecondGroupMin, OutcomeWriter::kGroupMax));
}

TEST_F(OutcomeWriterTest, WhatIsRefusedIsKept) {
  Add(3);
  Flush();
  StoreAll(absl::UnavailableError("full"));
  EXPECT_TRUE(writer_.is_overloaded());
  EXPECT_EQ(writer_.backlog(), 3u);
  const absl::Time again = Flush();
  EXPECT_THAT(store_.pending, IsEmpty());
  now_ = again;
  Flush();
  EXPECT_THAT(store_.sizes, ElementsAre(3, 3));
  StoreAll();
  EXPECT_FALSE(writer_.is_overloaded());
  EXPECT_EQ(writer_.backlog(), 0u);
}

}  // namespace
}  // namespace campaigner::dispatch

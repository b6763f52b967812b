#include "server/imports/step_pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "server/base/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::imports {
namespace {

using storage::ImportStep;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;
using testing::StatusIs;

// Holds the steps that it was given until the test answers them.
class HoldingStore final : public storage::ImportStore {
 public:
  struct Held {
    int64_t number = 0;
    StepDone done;
  };

  void AddImportStep(std::shared_ptr<const ImportStep> step, absl::Time /*now*/,
                     StepDone done) override {
    held.push_back({step->step.number, std::move(done)});
  }

  // Answers the oldest.
  void Answer(const absl::Status& status) {
    Held first = std::move(held.front());
    held.pop_front();
    first.done(status);
  }

  std::vector<int64_t> Numbers() const {
    std::vector<int64_t> numbers;
    for (const Held& one : held) numbers.push_back(one.number);
    return numbers;
  }

  std::deque<Held> held;

  // Nobody's.
  absl::StatusOr<int64_t> BeginUpload(int64_t, const std::string&, absl::Time) override {
    return None();
  }
  absl::Status FinishUpload(const domain::Upload&, absl::Time) override { return None(); }
  absl::StatusOr<domain::Upload> GetUpload(int64_t, int64_t) override { return None(); }
  absl::StatusOr<domain::Upload> UseUpload(int64_t, int64_t, absl::Time) override { return None(); }
  absl::Status DeleteUpload(int64_t, int64_t) override { return None(); }
  absl::StatusOr<std::vector<int64_t>> ListUnusedUploads(absl::Time, int32_t) override {
    return None();
  }
  absl::StatusOr<std::vector<int64_t>> ListUploads(int64_t, absl::Time, int64_t, int32_t) override {
    return None();
  }
  absl::Status DropUnfinishedUploads() override { return None(); }
  absl::StatusOr<domain::Operation> CreateImport(const storage::NewImport&, absl::Time) override {
    return None();
  }
  absl::StatusOr<storage::ImportDetails> GetImport(int64_t) override { return None(); }
  absl::StatusOr<storage::ReplaceStep> CancelReplaced(const storage::OperationStep&, int32_t,
                                                      absl::Time) override {
    return None();
  }
  absl::StatusOr<int64_t> ScanRecipients(int64_t, int64_t, int32_t,
                                         absl::FunctionRef<void(std::string_view)>) override {
    return None();
  }
  absl::StatusOr<std::vector<storage::RejectedRow>> ListRejectedRows(int64_t, int64_t,
                                                                     int32_t) override {
    return None();
  }
  absl::Status BlankRejectedRows(int64_t, const std::vector<int64_t>&) override { return None(); }

 private:
  static absl::Status None() { return absl::UnimplementedError("not for this test"); }
};

class StepPipeTest : public ::testing::Test {
 protected:
  void Send(int64_t number) {
    auto step = std::make_shared<ImportStep>();
    step->step.number = number;
    step->rows.resize(2);
    pipe_.Send(std::move(step));
  }

  const absl::Status full_ = absl::UnavailableError("the disk is full");
  base::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  HoldingStore store_;
  ImportMetrics metrics_;
  int wakes_ = 0;
  StepPipe pipe_{store_, clock_, metrics_, [this] { ++wakes_; }};
};

TEST_F(StepPipeTest, HasRoomForSomeUntilTheOldestArrives) {
  for (size_t i = 0; i < base::limits::kImportStepsAhead; ++i) {
    ASSERT_TRUE(pipe_.HasRoom());
    Send(static_cast<int64_t>(i));
  }
  EXPECT_FALSE(pipe_.HasRoom());
  store_.Answer(absl::OkStatus());
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfinitePast()));
  EXPECT_TRUE(pipe_.HasRoom());
  EXPECT_FALSE(pipe_.IsEmpty());
  EXPECT_EQ(metrics_.imported_rows, 2);
}

// The disk refuses the second of three: it and the one behind it go again, once, after a pause, in
// order; the first does not.
TEST_F(StepPipeTest, WhatWasRefusedIsSentAgainInOrderAfterAPause) {
  for (const int64_t number : {0, 1, 2}) Send(number);
  store_.Answer(absl::OkStatus());
  store_.Answer(full_);
  // The one behind is still under way: to send now would let it in before its turn.
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfiniteFuture()));
  store_.Answer(absl::AbortedError("another step is due"));
  const auto retry_time = pipe_.Settle();
  ASSERT_OK(retry_time);
  EXPECT_GT(*retry_time, clock_.Now());
  EXPECT_THAT(store_.Numbers(), IsEmpty());
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(*retry_time));
  clock_.Advance(*retry_time - clock_.Now());
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfinitePast()));
  EXPECT_THAT(store_.Numbers(), ElementsAre(1, 2));
  store_.Answer(absl::OkStatus());
  store_.Answer(absl::OkStatus());
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfinitePast()));
  EXPECT_TRUE(pipe_.IsEmpty());
  EXPECT_EQ(metrics_.imported_rows, 6);
}

TEST_F(StepPipeTest, ItIsSentAgainAsOftenAsItIsRefused) {
  Send(0);
  for (int i = 0; i < 5; ++i) {
    store_.Answer(full_);
    const auto retry_time = pipe_.Settle();
    ASSERT_OK(retry_time);
    ASSERT_GT(*retry_time, clock_.Now());
    clock_.Advance(*retry_time - clock_.Now());
    EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfinitePast()));
    ASSERT_THAT(store_.Numbers(), ElementsAre(0));
  }
  store_.Answer(absl::OkStatus());
  EXPECT_THAT(pipe_.Settle(), IsOkAndHolds(absl::InfinitePast()));
  EXPECT_TRUE(pipe_.IsEmpty());
  EXPECT_EQ(metrics_.imported_rows, 2);
}

TEST_F(StepPipeTest, AnyOtherErrorIsTheEnd) {
  Send(0);
  Send(1);
  store_.Answer(absl::FailedPreconditionError("the campaign is over"));
  EXPECT_THAT(pipe_.Settle(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StepPipeLifeTest, TheLastAnswerMayComeWhenThePipeIsGone) {
  base::FakeClock clock{absl::UnixEpoch()};
  HoldingStore store;
  ImportMetrics metrics;
  int wakes = 0;
  {
    StepPipe pipe(store, clock, metrics, [&wakes] { ++wakes; });
    auto step = std::make_shared<ImportStep>();
    step->rows.resize(3);
    pipe.Send(std::move(step));
  }
  store.Answer(absl::OkStatus());
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(metrics.imported_rows, 3);
}

}  // namespace
}  // namespace campaigner::imports

#include "server/operations/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::operations {
namespace {

using domain::Operation;
using domain::OperationKind;
using domain::OperationState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Next = Job::Turn::Next;

// Does five steps, one each turn, and writes down whose turn it was.
class FiveSteps final : public Job {
 public:
  FiveSteps(storage::Store& store, const Operation& operation, std::vector<int64_t>& turns)
      : store_(store), id_(operation.id), steps_(operation.steps), turns_(turns) {}

  absl::StatusOr<Turn> TakeTurn() override {
    turns_.push_back(id_);
    const bool is_last = steps_ == 4;
    RETURN_IF_ERROR(store_.AdvanceOperation(
        {.operation_id = id_, .number = steps_, .done_units = steps_ + 1, .is_last = is_last},
        absl::UnixEpoch()));
    ++steps_;
    return Turn{.next = is_last ? Next::kNever : Next::kAtOnce};
  }

 private:
  storage::Store& store_;
  const int64_t id_;
  int64_t steps_;
  std::vector<int64_t>& turns_;
};

// Answers what it is told.
class Scripted final : public Job {
 public:
  using Script = std::deque<std::function<absl::StatusOr<Turn>()>>;
  explicit Scripted(Script& script) : script_(script) {}
  absl::StatusOr<Turn> TakeTurn() override {
    auto turn = script_.front();
    script_.pop_front();
    return turn();
  }

 private:
  Script& script_;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    store_ = storage::OpenSqliteStore({.path = dir_.File("campaigner.db")}).value();
    MakeRunner();
  }

  // Observers live until then.
  ~RunnerTest() override { store_->Drain(); }

  void MakeRunner() {
    runner_ = std::make_unique<Runner>(RunnerOptions{.own_thread = false}, *store_, clock_);
    store_->AddObserver(runner_.get());
    runner_->Register(OperationKind::kRetry, [this](const Operation& operation, Wake) {
      return std::make_unique<FiveSteps>(*store_, operation, turns_);
    });
    runner_->Register(OperationKind::kErase, [this](const Operation&, Wake wake) {
      ++made_;
      wake_ = std::move(wake);
      return std::make_unique<Scripted>(script_);
    });
  }

  int64_t Create(OperationKind kind, int64_t account_id = 1) {
    const auto made =
        store_->CreateOperation({.account_id = account_id, .kind = kind}, clock_.Now());
    EXPECT_OK(made);
    // A write whose group comes after the notice of the one before.
    EXPECT_OK(store_->InternRoute("after " + std::to_string(++notices_)));
    return made.ok() ? made->id : 0;
  }

  OperationState StateOf(int64_t id) { return store_->GetOperation(0, id)->state; }

  testing::TempDir dir_;
  base::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  std::unique_ptr<storage::Store> store_;
  std::vector<int64_t> turns_;
  Scripted::Script script_;
  Wake wake_;
  int made_ = 0;
  int notices_ = 0;
  std::unique_ptr<Runner> runner_;
  // An observer until the store has drained, too.
  std::unique_ptr<Runner> stopped_;
};

TEST_F(RunnerTest, GivesTurnsUntilAllAreDone) {
  const int64_t a = Create(OperationKind::kRetry);
  const int64_t b = Create(OperationKind::kRetry);
  while (runner_->RunOnce() <= clock_.Now()) {
  }
  EXPECT_THAT(turns_, ElementsAre(a, b, a, b, a, b, a, b, a, b));
  EXPECT_EQ(StateOf(a), OperationState::kDone);
  EXPECT_EQ(StateOf(b), OperationState::kDone);
  EXPECT_EQ(runner_->running(), 0);
  EXPECT_EQ(runner_->RunOnce(), absl::InfiniteFuture());
}

TEST_F(RunnerTest, ANewRunnerGoesOnFromTheLastStep) {
  const int64_t id = Create(OperationKind::kRetry);
  runner_->RunOnce();
  runner_->RunOnce();
  runner_->Stop();
  stopped_ = std::move(runner_);
  MakeRunner();
  while (runner_->RunOnce() <= clock_.Now()) {
  }
  EXPECT_EQ(turns_.size(), 5u);
  EXPECT_EQ(StateOf(id), OperationState::kDone);
}

TEST_F(RunnerTest, ACancelledOneGetsNoFurtherTurn) {
  const int64_t id = Create(OperationKind::kRetry);
  runner_->RunOnce();
  ASSERT_OK(store_->CancelOperation(0, id, clock_.Now()));
  store_->Drain();
  EXPECT_EQ(runner_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(turns_.size(), 1u);
  EXPECT_EQ(runner_->running(), 0);
}

TEST_F(RunnerTest, AJobThatWaitsIsWokenOrCalledAtItsTime) {
  Create(OperationKind::kErase);
  const absl::Time later = clock_.Now() + absl::Seconds(5);
  for (int i = 0; i < 3; ++i) {
    script_.push_back([=] { return Job::Turn{.next = Next::kLater, .time = later}; });
  }
  EXPECT_EQ(runner_->RunOnce(), later);
  EXPECT_EQ(runner_->RunOnce(), later);
  EXPECT_EQ(script_.size(), 2u);
  wake_();
  EXPECT_EQ(runner_->RunOnce(), later);
  EXPECT_EQ(script_.size(), 1u);
  clock_.Advance(absl::Seconds(5));
  runner_->RunOnce();
  EXPECT_THAT(script_, IsEmpty());
}

TEST_F(RunnerTest, APassingErrorMakesTheJobAnew) {
  const int64_t id = Create(OperationKind::kErase);
  script_.push_back([] { return absl::UnavailableError("the disk is full"); });
  script_.push_back([] { return Job::Turn{}; });
  EXPECT_EQ(runner_->RunOnce(), clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(StateOf(id), OperationState::kRunning);
  runner_->RunOnce();
  EXPECT_EQ(made_, 1);
  clock_.Advance(absl::Seconds(1));
  runner_->RunOnce();
  EXPECT_EQ(made_, 2);
  EXPECT_THAT(script_, IsEmpty());
}

TEST_F(RunnerTest, AnyOtherErrorEndsTheOperation) {
  const int64_t id = Create(OperationKind::kErase);
  script_.push_back([] { return absl::FailedPreconditionError("the campaign is over"); });
  runner_->RunOnce();
  const auto failed = store_->GetOperation(0, id);
  ASSERT_OK(failed);
  EXPECT_EQ(failed->state, OperationState::kFailed);
  EXPECT_EQ(failed->error.message(), "the campaign is over");
}

TEST_F(RunnerTest, AnExceptionEndsItsOwnOperationOnly) {
  const int64_t bad = Create(OperationKind::kErase);
  const int64_t good = Create(OperationKind::kRetry);
  script_.push_back([]() -> absl::StatusOr<Job::Turn> { throw std::runtime_error("oh"); });
  while (runner_->RunOnce() <= clock_.Now()) {
  }
  EXPECT_EQ(StateOf(bad), OperationState::kFailed);
  EXPECT_EQ(StateOf(good), OperationState::kDone);
}

TEST_F(RunnerTest, AKindThatNobodyDoesIsFailed) {
  const int64_t id = Create(OperationKind::kImport);
  runner_->RunOnce();
  EXPECT_EQ(StateOf(id), OperationState::kFailed);
}

// Each has a pause behind it that is twice the one before; a step, and all is forgotten.
TEST_F(RunnerTest, PassingErrorsAreShownAndRetriedMoreAndMoreSeldom) {
  const int64_t id = Create(OperationKind::kErase);
  for (int i = 0; i < 9; ++i) {
    script_.push_back([] { return absl::UnavailableError("the disk is full"); });
  }
  script_.push_back([&]() -> absl::StatusOr<Job::Turn> {
    RETURN_IF_ERROR(store_->AdvanceOperation({.operation_id = id, .number = 0}, clock_.Now()));
    return Job::Turn{.next = Next::kLater};
  });
  std::vector<int64_t> pauses;
  for (int i = 0; i < 9; ++i) {
    const absl::Time next = runner_->RunOnce();
    pauses.push_back(absl::ToInt64Seconds(next - clock_.Now()));
    clock_.Advance(next - clock_.Now());
    EXPECT_EQ(runner_->PassingError(id).message(), "the disk is full");
  }
  EXPECT_THAT(pauses, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
  runner_->RunOnce();
  EXPECT_OK(store_->InternRoute("after the notice"));
  EXPECT_OK(runner_->PassingError(id));
  EXPECT_EQ(StateOf(id), OperationState::kRunning);
}

TEST_F(RunnerTest, WhatNeverPassesEndsTheOperation) {
  const int64_t id = Create(OperationKind::kErase);
  const absl::Time end = clock_.Now() + base::limits::kOperationPatience;
  while (StateOf(id) == OperationState::kRunning) {
    ASSERT_LT(clock_.Now(), end + base::limits::kOperationPauseMax);
    script_.push_back([] { return absl::UnavailableError("cannot be read"); });
    clock_.Advance(runner_->RunOnce() - clock_.Now());
  }
  EXPECT_GE(clock_.Now(), end);
  EXPECT_EQ(store_->GetOperation(0, id)->error.message(), "cannot be read");
}

TEST_F(RunnerTest, AnAccountWithManyLeavesTurnsForTheOthers) {
  for (int i = 0; i < base::limits::kOperationsAtOnce; ++i) {
    script_.push_back([] { return Job::Turn{.next = Next::kLater}; });
    Create(OperationKind::kErase, /*account_id=*/1);
  }
  const int64_t other = Create(OperationKind::kRetry, /*account_id=*/2);
  while (runner_->RunOnce() <= clock_.Now()) {
  }
  EXPECT_EQ(StateOf(other), OperationState::kDone);
}

TEST_F(RunnerTest, SoManyAreWorkedOnAtOnceAndTheRestFollow) {
  std::vector<int64_t> ids;
  for (int account_id = 1; account_id <= 5; ++account_id) {
    for (int i = 0; i <= base::limits::kOperationsOfAccountAtOnce; ++i) {
      ids.push_back(Create(OperationKind::kRetry, account_id));
    }
  }
  runner_->RunOnce();
  EXPECT_EQ(runner_->running(), base::limits::kOperationsAtOnce);
  while (runner_->RunOnce() <= clock_.Now()) {
  }
  for (const int64_t id : ids) EXPECT_EQ(StateOf(id), OperationState::kDone);
}

TEST_F(RunnerTest, ChoresAreDoneAtTheirInterval) {
  int done = 0;
  runner_->AddChore("sweep", absl::Minutes(1), [&](absl::Time) {
    ++done;
    return absl::InternalError("does not matter");
  });
  EXPECT_EQ(runner_->RunOnce(), clock_.Now() + absl::Minutes(1));
  runner_->RunOnce();
  EXPECT_EQ(done, 1);
  clock_.Advance(absl::Minutes(1));
  runner_->RunOnce();
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace campaigner::operations

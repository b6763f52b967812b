#include "tests/conformance/store/store_test.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::Operation;
using domain::OperationKind;
using domain::OperationState;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::StatusIs;

absl::StatusOr<Operation> Make(Store& store, int64_t account_id, int64_t campaign_id,
                               const std::string& request_id = "",
                               const std::string& request_hash = "",
                               OperationKind kind = OperationKind::kRetry) {
  return store.CreateOperation({.account_id = account_id,
                                .campaign_id = campaign_id,
                                .kind = kind,
                                .request = std::string("what\0ever", 9),
                                .checkpoint = "begin",
                                .total_units = 10,
                                .request_id = request_id,
                                .request_hash = request_hash},
                               kNow);
}

OperationStep Step(const Operation& operation, int64_t number) {
  return {.operation_id = operation.id,
          .number = number,
          .checkpoint = "at " + std::to_string(number + 1),
          .done_units = 3 * (number + 1),
          .total_units = 10,
          .messages = 2};
}

std::vector<int64_t> Ids(const absl::StatusOr<std::vector<Operation>>& operations) {
  EXPECT_OK(operations);
  std::vector<int64_t> ids;
  if (!operations.ok()) return ids;
  for (const Operation& operation : *operations) ids.push_back(operation.id);
  return ids;
}

class OperationObserver final : public StoreObserver {
 public:
  void OnOperationsChanged(const std::vector<OperationChange>& changes) override {
    for (const OperationChange& change : changes) seen.push_back(change.state);
  }
  std::vector<OperationState> seen;
};

TEST_P(StoreTest, AnOperationIsReadBackAsItWasMade) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const auto made = Make(*store_, campaign.account_id, campaign.id);
  ASSERT_OK(made);
  Reopen();
  const auto read = store_->GetOperation(campaign.account_id, made->id);
  ASSERT_OK(read);
  EXPECT_EQ(read->account_id, campaign.account_id);
  EXPECT_EQ(read->campaign_id, campaign.id);
  EXPECT_EQ(read->kind, OperationKind::kRetry);
  EXPECT_EQ(read->state, OperationState::kRunning);
  EXPECT_EQ(read->request, std::string("what\0ever", 9));
  EXPECT_EQ(read->checkpoint, "begin");
  EXPECT_EQ(read->steps, 0);
  EXPECT_EQ(read->total_units, 10);
  EXPECT_EQ(read->create_time, kNow);
  EXPECT_EQ(read->end_time, std::nullopt);
  EXPECT_OK(read->error);
}

TEST_P(StoreTest, AnothersOperationDoesNotExist) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t other_id = MakeAccount("other").id;
  EXPECT_THAT(Make(*store_, other_id, campaign.id), HasReason("CAMPAIGN_NOT_FOUND"));
  const auto made = Make(*store_, campaign.account_id, 0);
  ASSERT_OK(made);
  EXPECT_THAT(store_->GetOperation(other_id, made->id), HasReason("OPERATION_NOT_FOUND"));
  EXPECT_THAT(store_->CancelOperation(other_id, made->id, kNow), HasReason("OPERATION_NOT_FOUND"));
  EXPECT_OK(store_->GetOperation(0, made->id));
  EXPECT_THAT(Ids(store_->ListOperations(other_id, campaign.id, {.size = 10})), IsEmpty());
}

TEST_P(StoreTest, ARepeatedOperationIsTheFirstAsItIsNow) {
  const int64_t account_id = MakeAccount().id;
  const auto first = Make(*store_, account_id, 0, "r-1", "hash");
  ASSERT_OK(first);
  ASSERT_OK(store_->AdvanceOperation(Step(*first, 0), kNow));
  const auto repeat = Make(*store_, account_id, 0, "r-1", "hash");
  ASSERT_OK(repeat);
  EXPECT_EQ(repeat->id, first->id);
  EXPECT_EQ(repeat->steps, 1);
  EXPECT_THAT(Make(*store_, account_id, 0, "r-1", "other"), HasReason("REQUEST_ID_REUSED"));
  const auto found = store_->FindRepeatedOperation(account_id, "r-1", "hash", kNow);
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->id, first->id);
  EXPECT_EQ(*store_->FindRepeatedOperation(account_id, "r-2", "hash", kNow), std::nullopt);
  EXPECT_THAT(store_->FindRepeatedOperation(account_id, "r-1", "other", kNow),
              HasReason("REQUEST_ID_REUSED"));
}

TEST_P(StoreTest, StepsOfAnOperationAreTakenInOrderAndOnce) {
  const auto made = Make(*store_, MakeAccount().id, 0);
  ASSERT_OK(made);
  EXPECT_THAT(store_->AdvanceOperation(Step(*made, 1), kNow), HasReason("OPERATION_STEP"));
  ASSERT_OK(store_->AdvanceOperation(Step(*made, 0), kNow + absl::Seconds(1)));
  EXPECT_THAT(store_->AdvanceOperation(Step(*made, 0), kNow), HasReason("OPERATION_STEP"));
  OperationStep last = Step(*made, 1);
  last.is_last = true;
  ASSERT_OK(store_->AdvanceOperation(last, kNow + absl::Seconds(2)));
  const auto done = store_->GetOperation(0, made->id);
  ASSERT_OK(done);
  EXPECT_EQ(done->state, OperationState::kDone);
  EXPECT_EQ(done->checkpoint, "at 2");
  EXPECT_EQ(done->done_units, 6);
  EXPECT_EQ(done->messages, 4);
  EXPECT_EQ(done->end_time, kNow + absl::Seconds(2));
  EXPECT_THAT(store_->AdvanceOperation(Step(*made, 2), kNow), HasReason("OPERATION_ENDED"));
  EXPECT_THAT(store_->CancelOperation(0, made->id, kNow), HasReason("OPERATION_ENDED"));
  EXPECT_THAT(store_->AdvanceOperation(Step({.id = 999}, 0), kNow),
              HasReason("OPERATION_NOT_FOUND"));
}

TEST_P(StoreTest, ACancelledOperationTakesNoStep) {
  const auto made = Make(*store_, MakeAccount().id, 0);
  ASSERT_OK(made);
  const auto cancelled = store_->CancelOperation(made->account_id, made->id, kNow);
  ASSERT_OK(cancelled);
  EXPECT_EQ(cancelled->state, OperationState::kCancelled);
  EXPECT_THAT(store_->AdvanceOperation(Step(*made, 0), kNow), HasReason("OPERATION_ENDED"));
  const auto again = store_->CancelOperation(0, made->id, kNow + absl::Seconds(9));
  ASSERT_OK(again);
  EXPECT_EQ(again->end_time, kNow);
  ASSERT_OK(store_->FailOperation(made->id, absl::InternalError("late"), kNow));
  EXPECT_EQ(store_->GetOperation(0, made->id)->state, OperationState::kCancelled);
}

TEST_P(StoreTest, AFailedOperationSaysWhy) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const auto made = Make(*store_, campaign.account_id, campaign.id);
  ASSERT_OK(made);
  const absl::Status error =
      base::MakeError(absl::StatusCode::kFailedPrecondition, "it is over", {.reason = "OVER"});
  ASSERT_OK(store_->FailOperation(made->id, error, kNow));
  const auto failed = store_->GetOperation(0, made->id);
  ASSERT_OK(failed);
  EXPECT_EQ(failed->state, OperationState::kFailed);
  EXPECT_THAT(failed->error, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(failed->error, HasReason("OVER"));
  EXPECT_EQ(failed->error.message(), "it is over");
}

TEST_P(StoreTest, OperationsAreListedByAccountAndCampaign) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t account_id = campaign.account_id;
  const int64_t first = Make(*store_, account_id, campaign.id)->id;
  const int64_t second = Make(*store_, account_id, 0)->id;
  // A campaign has one retry at a time.
  const int64_t third = Make(*store_, account_id, campaign.id, "", "", OperationKind::kErase)->id;
  EXPECT_THAT(Ids(store_->ListOperations(account_id, 0, {.size = 2})), ElementsAre(third, second));
  EXPECT_THAT(Ids(store_->ListOperations(account_id, 0, {.after_id = second, .size = 2})),
              ElementsAre(first));
  EXPECT_THAT(Ids(store_->ListOperations(account_id, campaign.id, {.size = 2})),
              ElementsAre(third, first));
  ASSERT_OK(store_->CancelOperation(0, second, kNow));
  EXPECT_THAT(Ids(store_->ListRunningOperations(10, 10)), ElementsAre(first, third));
}

TEST_P(StoreTest, RunningOperationsAreListedFairly) {
  const int64_t many = MakeAccount("many").id;
  const int64_t few = MakeAccount("few").id;
  std::vector<int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(Make(*store_, many, 0)->id);
  const int64_t other = Make(*store_, few, 0)->id;
  EXPECT_THAT(Ids(store_->ListRunningOperations(2, 10)), ElementsAre(ids[0], ids[1], other));
  // Each account's first before anybody's second.
  EXPECT_THAT(Ids(store_->ListRunningOperations(3, 2)), ElementsAre(ids[0], other));
}

TEST_P(StoreTest, ObserversHearOfEveryOperation) {
  OperationObserver observer;
  store_->AddObserver(&observer);
  const auto made = Make(*store_, MakeAccount().id, 0);
  ASSERT_OK(made);
  ASSERT_OK(store_->AdvanceOperation(Step(*made, 0), kNow));
  EXPECT_THAT(store_->AdvanceOperation(Step(*made, 0), kNow), HasReason("OPERATION_STEP"));
  ASSERT_OK(store_->CancelOperation(0, made->id, kNow));
  store_->Drain();
  EXPECT_THAT(observer.seen, ElementsAre(OperationState::kRunning, OperationState::kRunning,
                                         OperationState::kCancelled));
}

TEST_P(StoreTest, OldOperationsArePruned) {
  const int64_t account_id = MakeAccount().id;
  const auto old = Make(*store_, account_id, 0);
  const auto running = Make(*store_, account_id, 0);
  const auto young = Make(*store_, account_id, 0);
  ASSERT_OK(store_->CancelOperation(0, old->id, kNow));
  ASSERT_OK(store_->CancelOperation(0, young->id, kNow + absl::Hours(2)));
  ASSERT_OK(store_->Prune(kNow + absl::Hours(1), kNow + absl::Hours(3), 100));
  EXPECT_THAT(Ids(store_->ListOperations(account_id, 0, {.size = 9})),
              ElementsAre(young->id, running->id));
}

}  // namespace
}  // namespace campaigner::storage

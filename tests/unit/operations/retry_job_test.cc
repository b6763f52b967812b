#include "server/operations/retry_job.h"

#include "tests/unit/operations/job_test.h"

namespace campaigner::operations {
namespace {

using domain::MessageState;
using domain::OperationKind;
using domain::OperationState;
using domain::StateReason;
using testing::HasReason;
using Next = Job::Turn::Next;

class RetryJobTest : public JobTest {
 protected:
  int64_t Begin(const storage::RetryFilter& filter) {
    return JobTest::Begin({.campaign_id = campaign_id_,
                           .kind = OperationKind::kRetry,
                           .request = WriteRetryRequest(filter)})
        .id;
  }
  absl::StatusOr<std::unique_ptr<Job>> Make(int64_t operation_id) {
    const auto pick = [this](std::string_view channel,
                             std::string_view recipient) -> std::optional<storage::PickedRoute> {
      EXPECT_EQ(channel, "sms");
      if (recipient.starts_with("998")) return std::nullopt;
      return storage::PickedRoute{new_route_id_, 5};
    };
    return RetryJob::Make({.store = *store_, .clock = clock_, .pick_route = pick},
                          Read(operation_id));
  }
  int64_t Failed(const std::string& recipient, StateReason reason = StateReason::kFailed) {
    const int64_t id = Send(recipient);
    Receive(id, MessageState::kUndelivered, reason);
    return id;
  }

  const int64_t new_route_id_ = store_->InternRoute("new").value();
};

TEST_F(RetryJobTest, SendsAgainOverTheRouteThatCarriesItNow) {
  const int64_t carried = Failed("77010000001");
  const int64_t not_carried = Failed("998010000001");
  const int64_t other = Failed("77010000002", StateReason::kOptedOut);
  const int64_t id =
      Begin({.states = {MessageState::kUndelivered}, .reasons = {StateReason::kFailed}});
  const auto job = Make(id).value();
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kNever);
  EXPECT_EQ(Message(carried).state, MessageState::kAccepted);
  EXPECT_EQ(Message(carried).route_id, new_route_id_);
  EXPECT_EQ(Message(carried).cost_micros, 5);
  EXPECT_EQ(Message(not_carried).state, MessageState::kUndelivered);
  EXPECT_EQ(Message(other).state, MessageState::kUndelivered);
  const domain::Operation done = Read(id);
  EXPECT_EQ(done.state, OperationState::kDone);
  EXPECT_EQ(done.messages, 1);
  EXPECT_EQ(done.done_units, 1);
  EXPECT_EQ(done.total_units, 1);
}

// Work and books are one transaction: a step that was lost with its job is not counted less.
TEST_F(RetryJobTest, AJobMadeAnewCountsWhatItsPredecessorDid) {
  for (int i = 0; i < 1500; ++i) Failed("77010000001");
  const int64_t id = Begin({.states = {MessageState::kUndelivered}, .reasons = {}});
  auto job = Make(id).value();
  const auto stale = Make(id).value();
  EXPECT_EQ(job->TakeTurn()->next, Next::kAtOnce);
  EXPECT_EQ(Read(id).messages, 1000);
  // Another one does not take the same step once more.
  EXPECT_THAT(stale->TakeTurn(), HasReason("OPERATION_STEP"));
  job = Make(id).value();
  EXPECT_EQ(RunUntilItWaits(*job)->next, Next::kNever);
  EXPECT_EQ(Read(id).messages, 1500);
  EXPECT_EQ(Read(id).done_units, 1500);
}

TEST_F(RetryJobTest, ACampaignThatWasCancelledSendsNothingAgain) {
  Failed("77010000001");
  const int64_t id = Begin({.states = {MessageState::kUndelivered}, .reasons = {}});
  ASSERT_OK(store_->ChangeCampaign(0, campaign_id_, clock_.Now(), [](domain::Campaign& campaign) {
    campaign.state = domain::CampaignState::kCancelled;
    return absl::OkStatus();
  }));
  EXPECT_THAT(Make(id).value()->TakeTurn(), HasReason("CAMPAIGN_STATE"));
}

TEST_F(RetryJobTest, WithoutStatesItIsRefused) {
  EXPECT_FALSE(Make(Begin({.states = {}, .reasons = {}})).ok());
}

}  // namespace
}  // namespace campaigner::operations

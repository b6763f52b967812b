#include <mutex>
#include <set>

#include "tests/conformance/store/store_test.h"
#include "tests/support/threads.h"

namespace campaigner::storage {
namespace {

using domain::Campaign;
using domain::MessageState;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Keeps what it is told. Called on the store's thread.
class Recorder final : public StoreObserver {
 public:
  explicit Recorder(bool wants_changes) : wants_changes_(wants_changes) {}

  void OnReady(const std::vector<Lane>& lanes) override {
    const std::lock_guard lock(mutex_);
    lanes_.insert(lanes_.end(), lanes.begin(), lanes.end());
  }
  void OnWebhooksDue(const std::vector<int64_t>& endpoint_ids) override {
    const std::lock_guard lock(mutex_);
    endpoints_.insert(endpoints_.end(), endpoint_ids.begin(), endpoint_ids.end());
  }
  void OnCampaignChanged(int64_t campaign_id) override {
    const std::lock_guard lock(mutex_);
    campaigns_.push_back(campaign_id);
  }
  bool WantsMessageChanges() override { return wants_changes_; }
  void OnMessagesChanged(const std::vector<MessageChange>& changes) override {
    const std::lock_guard lock(mutex_);
    changes_.insert(changes_.end(), changes.begin(), changes.end());
  }

  template <typename T>
  std::vector<T> Take(std::vector<T> Recorder::*member) {
    const std::lock_guard lock(mutex_);
    return std::exchange(this->*member, {});
  }
  std::vector<Lane> lanes_;
  std::vector<int64_t> endpoints_;
  std::vector<int64_t> campaigns_;
  std::vector<MessageChange> changes_;

 private:
  const bool wants_changes_;
  std::mutex mutex_;
};

TEST_P(StoreTest, ObserversHearWhatACommitMadePossible) {
  Recorder recorder(/*wants_changes=*/true);
  store_->AddObserver(&recorder);
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  // The observers of one group hear of it before the next group is written.
  const int64_t id = AcceptSome(campaign, route_id, 3);
  const ClaimedMessage message = Claim({{campaign.id, route_id, 1}}).messages.at(0);
  EXPECT_THAT(recorder.Take(&Recorder::campaigns_), ElementsAre(campaign.id));
  EXPECT_THAT(recorder.Take(&Recorder::lanes_), ElementsAre(Lane{campaign.id, route_id}));
  ASSERT_OK(Record({SentOutcome(message)}));
  ASSERT_OK(Receive({Receipt(id, MessageState::kDelivered)}));
  MakeRoute("another write");
  EXPECT_THAT(recorder.Take(&Recorder::endpoints_), SizeIs(1));
  const std::vector<MessageChange> changes = recorder.Take(&Recorder::changes_);
  ASSERT_THAT(changes, SizeIs(3));
  EXPECT_EQ(changes[0].from, MessageState::kAccepted);
  EXPECT_EQ(changes[0].to, MessageState::kSending);
  EXPECT_EQ(changes[2].to, MessageState::kDelivered);
  EXPECT_EQ(changes[2].message_id, id);
  EXPECT_EQ(changes[2].campaign_id, campaign.id);
  EXPECT_EQ(changes[2].account_id, campaign.account_id);
  EXPECT_EQ(changes[2].external_id, "order-0");
  store_->Drain();
}

TEST_P(StoreTest, ChangesAreNotCollectedWhenNobodyWatches) {
  Recorder recorder(/*wants_changes=*/false);
  store_->AddObserver(&recorder);
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  ASSERT_OK(store_->CancelMessage(0, AcceptSome(campaign, MakeRoute(), 1), kNow));
  store_->Drain();
  EXPECT_THAT(recorder.Take(&Recorder::changes_), IsEmpty());
}

TEST_P(StoreTest, NothingIsHeardOfARefusedWrite) {
  Recorder recorder(/*wants_changes=*/true);
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  store_->AddObserver(&recorder);
  AcceptBatch batch;
  batch.account_id = campaign.account_id;
  batch.now = kNow;
  batch.messages = {NewMessage(campaign.id, 1), NewMessage(campaign.id + 1, 1)};
  ASSERT_THAT(Accept(batch), HasReason("CAMPAIGN_NOT_FOUND"));
  store_->Drain();
  EXPECT_THAT(recorder.Take(&Recorder::lanes_), IsEmpty());
}

TEST_P(StoreTest, ADrainedStoreRefusesWritesAndStillReads) {
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  EXPECT_OK(store_->Ready());
  const int64_t id = AcceptSome(campaign, MakeRoute(), 1);
  store_->Drain();
  store_->Drain();
  EXPECT_THAT(store_->Ready(), HasReason("DRAINING"));
  EXPECT_THAT(store_->CancelMessage(0, id, kNow), HasReason("DRAINING"));
  EXPECT_EQ(StateOf(id), MessageState::kAccepted);
  EXPECT_EQ(store_->WriteQueueLength(), 0u);
}

TEST_P(StoreTest, DepthsCountWhatIsNotFinal) {
  const int64_t account_id = MakeAccount().id;
  const Campaign first = MakeCampaign(account_id);
  const Campaign second = MakeCampaign(account_id);
  const int64_t route_id = MakeRoute();
  EXPECT_EQ(*store_->OldestReady(), std::nullopt);
  AcceptSome(first, route_id, 3, kNow + absl::Seconds(5));
  AcceptSome(second, route_id, 2, kNow);
  EXPECT_EQ(*store_->OldestReady(), kNow);
  ASSERT_THAT(Claim({{second.id, route_id, 1}}).messages, SizeIs(1));
  ASSERT_OK(store_->EndWaiting(second.id, MessageState::kCancelled, domain::StateReason::kNone,
                               kNow, 10));
  EXPECT_EQ(*store_->OldestReady(), kNow + absl::Seconds(5));
  Reopen();
  std::map<MessageState, int64_t> depths;
  const auto rows = store_->QueueDepths();
  ASSERT_OK(rows);
  for (const QueueDepth& depth : *rows) depths[depth.state] = depth.messages;
  EXPECT_EQ(depths[MessageState::kAccepted], 3);
  EXPECT_EQ(depths[MessageState::kSending], 1);
  EXPECT_EQ(depths[MessageState::kCancelled], 0);
}

// Senders, dispatchers, a reader and one who changes the campaign, all at once: no message is lost
// or claimed twice, and the counters fit.
TEST_P(StoreTest, ManyThreadsUseItAtOnce) {
  constexpr int kRounds = 20;
  constexpr int64_t kMessages = 2 * kRounds * 5;
  const Campaign campaign = MakeCampaign(MakeAccount().id);
  const int64_t route_id = MakeRoute();
  std::mutex mutex;
  std::set<int64_t> claimed;
  const auto work_off = [&] {
    for (const ClaimedMessage& message : Claim({{campaign.id, route_id, 7}}).messages) {
      {
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(claimed.insert(message.id).second) << message.id;
      }
      EXPECT_OK(Record({SentOutcome(message)}));
      EXPECT_OK(Receive({Receipt(message.id, MessageState::kDelivered)}));
    }
  };
  const auto look = [&] {
    MessageFilter filter;
    filter.account_id = campaign.account_id;
    filter.campaign_id = campaign.id;
    EXPECT_OK(store_->ListMessages(filter, 0, 50));
    EXPECT_OK(store_->GetCampaignCounters(campaign.id));
    EXPECT_OK(store_->QueueDepths());
    EXPECT_OK(store_->GetCampaign(campaign.id));
  };
  const auto edit = [&] {
    EXPECT_OK(store_->ChangeCampaign(0, campaign.id, kNow, [](Campaign& changed) {
      changed.display_name += ".";
      return absl::OkStatus();
    }));
  };
  testing::InThreads(6, [&](int thread) {
    for (int i = 0; i < kRounds; ++i) {
      if (thread < 2) AcceptSome(campaign, route_id, 5);
      if (thread == 2 || thread == 3) work_off();
      if (thread == 4) look();
      if (thread == 5) edit();
    }
  });
  for (int i = 0; i < kMessages; ++i) work_off();
  EXPECT_EQ(CounterOf(campaign.id, MessageState::kDelivered), kMessages);
  ExpectCountersFit(campaign.account_id, campaign.id);
}

}  // namespace
}  // namespace campaigner::storage

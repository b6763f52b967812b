#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <vector>

#include "server/dispatch/dispatcher.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/threads.h"
#include "tests/unit/dispatch/scripted_provider.h"

// The dispatcher with threads and the real clock, as the server runs it.
namespace campaigner::testing {
namespace {

using domain::MessageState;

class DispatcherThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    storage::SqliteOptions sqlite;
    sqlite.path = dir_.File("threads.db");
    ASSERT_OK_AND_ASSIGN(store_, storage::OpenSqliteStore(sqlite));
    dispatch::RouteOptions route;
    route.name = "main";
    route.provider_name = "main";
    route.provider = &provider_;
    ASSERT_OK_AND_ASSIGN(dispatch::RouteTable routes, dispatch::RouteTable::Make({route}, *store_));
    routes_ = std::make_unique<dispatch::RouteTable>(std::move(routes));
    metrics_ = std::make_unique<dispatch::DispatchMetrics>(*routes_);
    dispatch::DispatcherOptions options;
    options.owner = "threads";
    dispatcher_ = std::make_unique<dispatch::Dispatcher>(
        options, dispatch::DispatchContext{*store_, clock_, *routes_, receipts_, *metrics_});
    store_->AddObserver(dispatcher_.get());
    ASSERT_OK(dispatcher_->Start());
    ASSERT_OK_AND_ASSIGN(const domain::Account account,
                         store_->CreateAccount({}, "", clock_.Now()));
    domain::Campaign draft;
    draft.account_id = account.id;
    draft.template_text = "hello";
    draft.message_attempts = 3;
    draft.sending_timeout = absl::Hours(24);
    draft.status_timeout = absl::Hours(72);
    draft.state = domain::CampaignState::kRunning;
    ASSERT_OK_AND_ASSIGN(campaign_, store_->CreateCampaign(draft, "", clock_.Now()));
  }

  void TearDown() override {
    // It calls its observers no more.
    if (store_ != nullptr) store_->Drain();
  }

  // The first id.
  int64_t Send(size_t count) {
    storage::AcceptBatch batch;
    batch.account_id = campaign_.account_id;
    batch.now = clock_.Now();
    batch.messages.resize(count);
    for (domain::NewMessage& message : batch.messages) {
      message.campaign_id = campaign_.id;
      message.route_id = routes_->routes()[0].id;
      message.template_version = 1;
    }
    std::promise<absl::StatusOr<storage::Accepted>> accepted;
    store_->AcceptMessages(std::move(batch),
                           [&](auto result) { accepted.set_value(std::move(result)); });
    const auto result = accepted.get_future().get();
    EXPECT_OK(result);
    return result.ok() ? result->first_message_id : 0;
  }

  // Messages by state.
  std::map<MessageState, int64_t> Count() {
    std::map<MessageState, int64_t> counted;
    const auto counters = store_->GetCampaignCounters(campaign_.id);
    EXPECT_OK(counters);
    for (const auto& counter : *counters) counted[counter.state] = counter.messages;
    return counted;
  }

  TempDir dir_;
  base::SystemClock clock_;
  ScriptedProvider provider_{clock_, {.batch_max = 10}};
  dispatch::ReceiptCollector receipts_{clock_};
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<dispatch::RouteTable> routes_;
  std::unique_ptr<dispatch::DispatchMetrics> metrics_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  domain::Campaign campaign_;
};

TEST_F(DispatcherThreadsTest, StopWaitsForAnswersAndStoresThem) {
  std::promise<void> stop;
  provider_.answer = [&](const auto&) {
    if (provider_.given.size() == 100) stop.set_value();
    return ScriptedProvider::Accepted();
  };
  Send(2000);
  stop.get_future().wait();
  dispatcher_->Stop();
  dispatcher_->Stop();
  auto counted = Count();
  EXPECT_EQ(counted[MessageState::kSending], 0);
  EXPECT_EQ(counted[MessageState::kSent], static_cast<int64_t>(provider_.given.size()));
  EXPECT_EQ(counted[MessageState::kSent] + counted[MessageState::kAccepted], 2000);
}

// At full speed: what reaches the provider, and when, after the pause was answered.
TEST_F(DispatcherThreadsTest, APauseTakesEffectWithinASecond) {
  std::promise<void> under_way;
  provider_.answer = [&](const auto&) {
    if (provider_.given.size() == 1000) under_way.set_value();
    return ScriptedProvider::Accepted();
  };
  constexpr int64_t kAll = 50'000;
  Send(kAll);
  under_way.get_future().wait();
  ASSERT_OK(store_->ChangeCampaign(0, campaign_.id, clock_.Now(), [](domain::Campaign& campaign) {
    campaign.state = domain::CampaignState::kPaused;
    return absl::OkStatus();
  }));
  const absl::Time paused = clock_.Now();
  // Nothing can be claimed any more, so what is not with the provider by then never will be.
  while (Count()[MessageState::kSending] > 0) {
  }
  const absl::Time quiet = clock_.Now();
  dispatcher_->Stop();
  EXPECT_LE(provider_.given.back().time, paused + absl::Seconds(1));
  EXPECT_LE(provider_.given.back().time, quiet);
  EXPECT_LT(static_cast<int64_t>(provider_.given.size()), kAll) << "it was over before the pause";
  EXPECT_EQ(Count()[MessageState::kAccepted], kAll - static_cast<int64_t>(provider_.given.size()));
}

// Senders, and a provider's threads with receipts, while the dispatcher works.
TEST_F(DispatcherThreadsTest, ManyThreadsSendAndReportAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 10;
  constexpr int kEach = 10;
  constexpr int kAll = kThreads * kRounds * kEach;
  InThreads(kThreads, [&](int) {
    for (int i = 0; i < kRounds; ++i) {
      int64_t id = Send(kEach);
      std::vector<providers::Receipt> receipts(kEach);
      for (providers::Receipt& receipt : receipts) receipt.message_id = id++;
      // Some before the message went out, some twice.
      receipts_.Add(receipts);
      receipts_.Add({receipts[0]});
      (void)receipts_.backlog();
    }
  });
  dispatcher_->Stop();
  EXPECT_EQ(receipts_.backlog(), 0U);
  EXPECT_EQ(Count()[MessageState::kDelivered], kAll);
}

}  // namespace
}  // namespace campaigner::testing

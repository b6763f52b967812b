#include "server/webhooks/sender.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "server/storage/sqlite/sqlite_store.h"
#include "server/webhooks/signing.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/webhook_receiver.h"

namespace campaigner::webhooks {
namespace {

using domain::WebhookState;
using ::testing::HasSubstr;
using testing::ReceivedWebhook;
using ::testing::SizeIs;
using testing::TempDir;
using testing::WebhookReceiver;
using testing::WebhookReply;

const absl::Time kStart = absl::FromUnixSeconds(1'767'225'600);
constexpr absl::Duration kLease = absl::Seconds(45);

// Stores cannot forget an observer; tests have one sender after another.
class Forwarder final : public storage::StoreObserver {
 public:
  void SetTarget(storage::StoreObserver* target) {
    base::MutexLock lock(mutex_);
    target_ = target;
  }
  void OnWebhooksDue(const std::vector<int64_t>& endpoint_ids) override {
    base::MutexLock lock(mutex_);
    if (target_ != nullptr) target_->OnWebhooksDue(endpoint_ids);
  }

 private:
  base::Mutex mutex_;
  storage::StoreObserver* target_ GUARDED_BY(mutex_) = nullptr;
};

// A real store and real sockets; time stands still until it is moved.
class SenderTest : public ::testing::Test {
 protected:
  SenderTest() {
    store_ = *storage::OpenSqliteStore({.path = dir_.File("test.db"), .synchronous_full = false});
    store_->AddObserver(&forwarder_);
    domain::Account account;
    account.display_name = "Acme";
    account.default_region = "RU";
    account.time_zone = "UTC";
    account_id_ = store_->CreateAccount(account, "", clock_.Now())->id;
    route_id_ = *store_->InternRoute("main");
  }
  ~SenderTest() override { Kill(); }

  int64_t MakeCampaign(const std::string& webhook_url) {
    domain::Campaign campaign;
    campaign.account_id = account_id_;
    campaign.display_name = "test";
    campaign.template_text = "hello";
    campaign.webhook_url = webhook_url;
    campaign.message_attempts = 3;
    campaign.sending_timeout = campaign.status_timeout = absl::Hours(24);
    campaign.retry_interval = absl::Seconds(60);
    campaign.rate.period = absl::Seconds(1);
    return store_->CreateCampaign(campaign, "", clock_.Now())->id;
  }

  // Messages with the external ids 1 .. count that are delivered, so that their webhooks are owed.
  void Deliver(int64_t campaign_id, int count) {
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.now = clock_.Now();
    for (int i = 1; i <= count; ++i) {
      domain::NewMessage message;
      message.campaign_id = campaign_id;
      message.route_id = route_id_;
      message.recipient = "79201234567";
      message.text = "hello";
      message.external_id = std::to_string(i);
      message.external_id_is_number = true;
      batch.messages.push_back(std::move(message));
    }
    std::promise<int64_t> first_id;
    store_->AcceptMessages(std::move(batch), [&](const absl::StatusOr<storage::Accepted>& done) {
      first_id.set_value(done->first_message_id);
    });
    const int64_t first = first_id.get_future().get();
    std::vector<storage::ReceiptRecord> receipts;
    for (int i = 0; i < count; ++i) {
      storage::ReceiptRecord& receipt = receipts.emplace_back();
      receipt.message_id = first + i;
      receipt.time = clock_.Now();
    }
    std::promise<int32_t> applied;
    store_->ApplyReceipts(std::move(receipts), clock_.Now(),
                          [&](const absl::StatusOr<storage::ReceiptsApplied>& done) {
                            applied.set_value(done->applied);
                          });
    ASSERT_EQ(applied.get_future().get(), count);
  }

  void Start(const std::vector<std::string>& allowed_networks = {"127.0.0.0/8"}) {
    net::HttpClientOptions options;
    options.guard_addresses = true;
    options.allowed_networks = *net::NetworkList::Parse(allowed_networks);
    http_ = net::MakeHttpClient(options);
    sender_ = std::make_unique<WebhookSender>(
        WebhookSenderOptions{}, WebhookSenderContext{*store_, clock_, *http_, metrics_});
    forwarder_.SetTarget(sender_.get());
    sender_->Start();
  }

  // As if the process died.
  void Kill() {
    forwarder_.SetTarget(nullptr);
    sender_.reset();
    http_.reset();
  }

  std::vector<domain::WebhookDelivery> Deliveries(int64_t campaign_id) {
    const storage::WebhookFilter filter{
        .account_id = account_id_, .campaign_id = campaign_id, .message_id = 0, .states = {}};
    return store_->ListWebhooks(filter, 0, 1000)->deliveries;
  }

  // Waits until `count` deliveries of the campaign are as `fits` says.
  bool WaitUntil(int64_t campaign_id, size_t count,
                 const std::function<bool(const domain::WebhookDelivery&)>& fits) {
    const absl::Time patience = absl::Now() + absl::Seconds(60);
    while (absl::Now() < patience) {
      size_t fitting = 0;
      for (const auto& delivery : Deliveries(campaign_id)) fitting += fits(delivery) ? 1 : 0;
      if (fitting == count) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool WaitForState(int64_t campaign_id, size_t count, WebhookState state) {
    return WaitUntil(campaign_id, count, [state](const auto& d) { return d.state == state; });
  }
  bool WaitForTries(int64_t campaign_id, int tries) {
    return WaitUntil(campaign_id, 1, [tries](const auto& d) { return d.attempt_count == tries; });
  }

  const TempDir dir_;
  base::FakeClock clock_{kStart};
  Forwarder forwarder_;
  WebhookMetrics metrics_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<WebhookSender> sender_;
  int64_t account_id_ = 0;
  int64_t route_id_ = 0;
};

TEST_F(SenderTest, PostsWhatIsDocumentedAndSigned) {
  WebhookReceiver receiver;
  const int64_t campaign = MakeCampaign(receiver.Url("/hook?a=b"));
  Start();
  Deliver(campaign, 1);
  ASSERT_TRUE(receiver.WaitFor("/hook?a=b", 1));
  const ReceivedWebhook webhook = receiver.Received("/hook?a=b")[0];
  EXPECT_EQ(webhook.body, R"({"id": 1, "status": "delivered"})");
  EXPECT_EQ(webhook.headers.at("accept"), "application/json");
  EXPECT_EQ(webhook.headers.at("content-type"), "application/json");
  EXPECT_EQ(webhook.headers.at("webhook-timestamp"), std::to_string(absl::ToUnixSeconds(kStart)));
  ASSERT_OK_AND_ASSIGN(const auto secrets, store_->GetWebhookSecrets(account_id_));
  EXPECT_EQ(webhook.headers.at("webhook-signature"),
            SignWebhook(secrets.current, webhook.headers.at("webhook-id"),
                        absl::ToUnixSeconds(kStart), webhook.body));
  ASSERT_TRUE(WaitForState(campaign, 1, WebhookState::kDelivered));
  const auto delivery = Deliveries(campaign)[0];
  EXPECT_EQ(webhook.headers.at("webhook-id"), WebhookId(delivery.id));
  EXPECT_EQ(delivery.last_http_status, 200);
  EXPECT_EQ(delivery.attempt_count, 1);
  EXPECT_EQ(metrics_.delivered, 1);
}

TEST_F(SenderTest, WhatWaitedBeforeTheStartIsFound) {
  WebhookReceiver receiver;
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Deliver(campaign, 100);
  Start();
  EXPECT_TRUE(WaitForState(campaign, 100, WebhookState::kDelivered));
}

TEST_F(SenderTest, ARotatedSecretSignsToo) {
  WebhookReceiver receiver;
  const domain::WebhookSecrets secrets{.current = std::string(32, 'n'),
                                       .previous = std::string(32, 'o'),
                                       .previous_expire_time = kStart + absl::Hours(24)};
  ASSERT_OK(store_->SetWebhookSecrets(account_id_, secrets));
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Start();
  Deliver(campaign, 1);
  ASSERT_TRUE(receiver.WaitFor("/hook", 1));
  const ReceivedWebhook webhook = receiver.Received("/hook")[0];
  EXPECT_EQ(webhook.headers.at("webhook-signature"),
            SignatureHeader(secrets, webhook.headers.at("webhook-id"), kStart, webhook.body));
  EXPECT_THAT(webhook.headers.at("webhook-signature"), HasSubstr(" v1,"));
}

TEST_F(SenderTest, TriesAgainWithGrowingDelaysThenFailsAndIsReplayable) {
  WebhookReceiver receiver([](const ReceivedWebhook&) {
    return WebhookReply{.status = 500, .body = "out of order", .headers = {}};
  });
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Start();
  Deliver(campaign, 1);
  const absl::Duration delays[] = {absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
                                   absl::Minutes(10), absl::Hours(1),    absl::Hours(6),
                                   absl::Hours(24)};
  int tries = 0;
  for (const absl::Duration delay : delays) {
    ASSERT_TRUE(WaitForTries(campaign, ++tries));
    const auto delivery = Deliveries(campaign)[0];
    EXPECT_EQ(delivery.state, WebhookState::kPending);
    EXPECT_EQ(delivery.last_http_status, 500);
    EXPECT_EQ(delivery.last_error, "out of order");
    const absl::Duration pause = *delivery.next_attempt_time - clock_.Now();
    EXPECT_GE(pause, 0.8 * delay);
    EXPECT_LE(pause, 1.2 * delay);
    EXPECT_EQ(receiver.Count("/hook"), static_cast<size_t>(tries));
    // The receiver's own pause may end later than the delivery's.
    clock_.Advance(std::max(pause, absl::Seconds(40)));
  }
  ASSERT_TRUE(WaitForState(campaign, 1, WebhookState::kFailed));
  EXPECT_EQ(metrics_.failed, 1);
  std::set<std::string> ids;
  for (const auto& webhook : receiver.Received("/hook"))
    ids.insert(webhook.headers.at("webhook-id"));
  EXPECT_THAT(ids, SizeIs(1));

  receiver.SetHandler(nullptr);
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK(store_->ReplayWebhook(account_id_, Deliveries(campaign)[0].id, clock_.Now()));
  EXPECT_TRUE(WaitForState(campaign, 1, WebhookState::kDelivered));
}

TEST_F(SenderTest, AForbiddenAddressFailsAtOnceAndIsNeverDialled) {
  WebhookReceiver receiver;
  const int64_t literal = MakeCampaign(receiver.Url("/hook"));
  const int64_t by_name = MakeCampaign(fmt::format("http://localhost:{}/hook", receiver.port()));
  Start(/*allowed_networks=*/{});
  Deliver(literal, 1);
  Deliver(by_name, 1);
  ASSERT_TRUE(WaitForState(literal, 1, WebhookState::kFailed));
  ASSERT_TRUE(WaitForState(by_name, 1, WebhookState::kFailed));
  EXPECT_THAT(Deliveries(by_name)[0].last_error, HasSubstr("not a public"));
  EXPECT_EQ(receiver.Count("/hook"), 0u);
}

TEST_F(SenderTest, RedirectsAreNotFollowed) {
  WebhookReceiver receiver([](const ReceivedWebhook& webhook) {
    WebhookReply reply{.status = 302, .body = "", .headers = {{"Location", "/elsewhere"}}};
    return webhook.path == "/hook" ? reply : WebhookReply();
  });
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Start();
  Deliver(campaign, 1);
  ASSERT_TRUE(WaitForTries(campaign, 1));
  EXPECT_EQ(Deliveries(campaign)[0].state, WebhookState::kPending);
  EXPECT_EQ(Deliveries(campaign)[0].last_http_status, 302);
  EXPECT_EQ(receiver.Count("/elsewhere"), 0u);
}

TEST_F(SenderTest, SlowReceiversDelayNobody) {
  const auto hold = [](const ReceivedWebhook&) {
    return WebhookReply{.status = 200, .body = "", .headers = {}, .is_held = true};
  };
  WebhookReceiver silent(hold);
  WebhookReceiver slow(hold);
  WebhookReceiver quick;
  const int64_t silent_campaign = MakeCampaign(silent.Url("/hook"));
  const int64_t slow_campaign = MakeCampaign(slow.Url("/hook"));
  const int64_t quick_campaign = MakeCampaign(quick.Url("/hook"));
  Start();
  Deliver(silent_campaign, 200);
  Deliver(slow_campaign, 20);
  ASSERT_TRUE(silent.WaitFor("/hook", 1));
  ASSERT_TRUE(slow.WaitFor("/hook", 1));
  Deliver(quick_campaign, 1000);
  // All of these while both others hold whatever they were sent.
  EXPECT_TRUE(WaitForState(quick_campaign, 1000, WebhookState::kDelivered));
  EXPECT_LE(silent.Count("/hook"), 8u);
  EXPECT_TRUE(WaitForState(slow_campaign, 0, WebhookState::kDelivered));
  slow.Release();
  EXPECT_TRUE(WaitForState(slow_campaign, 20, WebhookState::kDelivered));
  EXPECT_TRUE(WaitForState(silent_campaign, 0, WebhookState::kDelivered));
}

TEST_F(SenderTest, ADeadHostWithManyUrlsDelaysNobody) {
  WebhookReceiver dead([](const ReceivedWebhook&) {
    return WebhookReply{.status = 200, .body = "", .headers = {}, .is_held = true};
  });
  WebhookReceiver alive;
  for (int i = 0; i < 300; ++i) Deliver(MakeCampaign(dead.Url(fmt::format("/{}", i))), 5);
  const int64_t campaign = MakeCampaign(alive.Url("/hook"));
  Start();
  Deliver(campaign, 500);
  EXPECT_TRUE(WaitForState(campaign, 500, WebhookState::kDelivered));
}

TEST_F(SenderTest, StopWaitsForReceivers) {
  WebhookReceiver receiver([](const ReceivedWebhook&) {
    return WebhookReply{.status = 200, .body = "", .headers = {}, .is_held = true};
  });
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Start();
  Deliver(campaign, 4);
  ASSERT_TRUE(receiver.WaitFor("/hook", 4));
  std::thread stopping([this] { sender_->Stop(); });
  receiver.Release();
  stopping.join();
  for (const auto& delivery : Deliveries(campaign)) {
    EXPECT_EQ(delivery.state, WebhookState::kDelivered);
  }
}

TEST_F(SenderTest, WhatACrashLeftIsSentAgainUnderTheSameId) {
  WebhookReceiver receiver([](const ReceivedWebhook&) {
    return WebhookReply{.status = 200, .body = "", .headers = {}, .is_held = true};
  });
  const int64_t campaign = MakeCampaign(receiver.Url("/hook"));
  Start();
  Deliver(campaign, 1);
  ASSERT_TRUE(receiver.WaitFor("/hook", 1));
  Kill();
  receiver.SetHandler(nullptr);
  Start();
  EXPECT_EQ(receiver.Count("/hook"), 1u);
  clock_.Advance(kLease);
  ASSERT_TRUE(WaitForState(campaign, 1, WebhookState::kDelivered));
  const auto received = receiver.Received("/hook");
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_EQ(received[0].headers.at("webhook-id"), received[1].headers.at("webhook-id"));
}

}  // namespace
}  // namespace campaigner::webhooks

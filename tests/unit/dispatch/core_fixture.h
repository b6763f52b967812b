#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/core.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dispatch/scripted_provider.h"

namespace campaigner::testing {

// A core with one account, and routes over providers that do as they are told.
class CoreFixture : public ::testing::Test {
 protected:
  CoreFixture() {
    AddRoute("main", {});
    options_.path = dir_.File("campaigner.db");
  }

  // Call before Start. Every route has a provider of its own.
  dispatch::RouteOptions& AddRoute(const std::string& name, std::vector<std::string> prefixes) {
    providers::Capabilities capabilities;
    capabilities.batch_max = 10;
    capabilities.concurrency_default = 1000;
    providers_.push_back(std::make_unique<ScriptedProvider>(clock_, capabilities));
    dispatch::RouteOptions& route = options_.routes.emplace_back();
    route.name = name;
    route.prefixes = std::move(prefixes);
    route.provider_name = name;
    route.provider = providers_.back().get();
    return route;
  }

  void Start() {
    receipts_ = std::make_unique<dispatch::ReceiptCollector>(clock_);
    core_ = std::make_unique<Core>(clock_, options_);
    ASSERT_OK(core_->Start(*receipts_));
    // What is made from now on is younger than the server.
    clock_.Advance(absl::Microseconds(1));
    if (account_id_ == 0) {
      domain::Account account;
      account.time_zone = "UTC";
      account.create_time = clock_.Now();
      ASSERT_OK_AND_ASSIGN(account, store().CreateAccount(account, "", clock_.Now()));
      account_id_ = account.id;
    }
  }

  // As a kill and a new start.
  void Restart() {
    core_.reset();
    options_.owner += "'";
    Start();
  }

  storage::Store& store() { return core_->store(); }
  ScriptedProvider& provider(size_t route = 0) { return *providers_[route]; }

  domain::Campaign Draft() const {
    domain::Campaign campaign;
    campaign.account_id = account_id_;
    campaign.template_text = "hello {name}";
    campaign.message_attempts = 3;
    campaign.sending_timeout = absl::Hours(24);
    campaign.status_timeout = absl::Hours(72);
    campaign.retry_interval = absl::Seconds(60);
    campaign.state = domain::CampaignState::kRunning;
    return campaign;
  }

  int64_t Create(const domain::Campaign& draft) {
    const auto campaign = store().CreateCampaign(draft, "", clock_.Now());
    EXPECT_OK(campaign);
    return campaign.ok() ? campaign->id : 0;
  }

  // The id of the first.
  int64_t Send(int64_t campaign_id, int count,
               std::optional<absl::Time> schedule_time = std::nullopt, size_t route = 0) {
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.now = clock_.Now();
    for (int i = 0; i < count; ++i) {
      domain::NewMessage& message = batch.messages.emplace_back();
      message.campaign_id = campaign_id;
      message.route_id = core_->routes().routes()[route].id;
      message.recipient = "79201234567";
      message.template_version = 1;
      message.fields = {{"name", "Ann"}};
      message.schedule_time = schedule_time;
    }
    std::promise<absl::StatusOr<storage::Accepted>> accepted;
    store().AcceptMessages(std::move(batch),
                           [&](auto result) { accepted.set_value(std::move(result)); });
    const auto result = accepted.get_future().get();
    EXPECT_OK(result);
    return result.ok() ? result->first_message_id : 0;
  }

  void Change(int64_t campaign_id, const std::function<void(domain::Campaign&)>& change) {
    EXPECT_OK(store().ChangeCampaign(0, campaign_id, clock_.Now(), [&](domain::Campaign& campaign) {
      change(campaign);
      return absl::OkStatus();
    }));
    core_->Barrier();
  }

  void SetState(int64_t campaign_id, domain::CampaignState state) {
    Change(campaign_id, [&](domain::Campaign& campaign) { campaign.state = state; });
  }

  domain::Message Get(int64_t message_id) {
    const auto message = store().GetMessage(0, message_id, true);
    EXPECT_OK(message);
    return message.ok() ? *message : domain::Message();
  }

  domain::CampaignState StateOf(int64_t campaign_id) {
    const auto campaign = store().GetCampaign(campaign_id);
    EXPECT_OK(campaign);
    return campaign.ok() ? (*campaign)->state : domain::CampaignState::kNew;
  }

  void Run(absl::Duration duration) { core_->RunUntil(clock_.Now() + duration); }

  TempDir dir_;
  // Monday.
  base::FakeClock clock_{absl::FromUnixSeconds(1'700'438'400)};
  CoreOptions options_;
  std::vector<std::unique_ptr<ScriptedProvider>> providers_;
  std::unique_ptr<dispatch::ReceiptCollector> receipts_;
  std::unique_ptr<Core> core_;
  int64_t account_id_ = 0;
};

}  // namespace campaigner::testing

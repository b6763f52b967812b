#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/operations/job.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::operations {

// A store with an account, a running campaign and a route, for tests of jobs.
class JobTest : public ::testing::Test {
 protected:
  JobTest() {
    store_ = storage::OpenSqliteStore({.path = dir_.File("campaigner.db")}).value();
    domain::Account account;
    account.default_region = "KZ";
    account_id_ = store_->CreateAccount(account, "", clock_.Now())->id;
    domain::Campaign campaign;
    campaign.account_id = account_id_;
    campaign.channel = "sms";
    campaign.state = domain::CampaignState::kRunning;
    campaign_id_ = store_->CreateCampaign(campaign, "", clock_.Now())->id;
    route_id_ = store_->InternRoute("main").value();
  }

  // Its id.
  int64_t Send(const std::string& recipient) {
    domain::NewMessage message;
    message.campaign_id = campaign_id_;
    message.route_id = route_id_;
    message.recipient = recipient;
    message.text = "text";
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.messages = {message};
    batch.now = clock_.Now();
    std::promise<int64_t> id;
    store_->AcceptMessages(std::move(batch), [&](absl::StatusOr<storage::Accepted> accepted) {
      id.set_value(accepted.value().first_message_id);
    });
    return id.get_future().get();
  }
  void Receive(int64_t message_id, domain::MessageState state,
               domain::StateReason reason = domain::StateReason::kNone) {
    storage::ReceiptRecord receipt;
    receipt.message_id = message_id;
    receipt.state = state;
    receipt.reason = reason;
    receipt.time = clock_.Now();
    std::promise<void> done;
    store_->ApplyReceipts({receipt}, clock_.Now(), [&](const auto&) { done.set_value(); });
    done.get_future().wait();
  }
  // All that is ready becomes SENDING.
  void Claim() {
    std::promise<void> done;
    store_->ClaimMessages({{campaign_id_, route_id_, 100}}, "me", clock_.Now() + absl::Hours(9),
                          clock_.Now(), [&](const auto&) { done.set_value(); });
    done.get_future().wait();
  }
  domain::Operation Begin(storage::NewOperation operation) {
    operation.account_id = account_id_;
    return store_->CreateOperation(operation, clock_.Now()).value();
  }
  domain::Operation Read(int64_t operation_id) { return *store_->GetOperation(0, operation_id); }
  domain::Message Message(int64_t id) { return store_->GetMessage(0, id, true).value(); }

  // Gives turns, as the runner does, until it is over or waits; what it waits for is not waited
  // for.
  static absl::StatusOr<Job::Turn> RunUntilItWaits(Job& job) {
    while (true) {
      const auto turn = job.TakeTurn();
      if (!turn.ok() || turn->next != Job::Turn::Next::kAtOnce) return turn;
    }
  }

  const testing::TempDir dir_;
  base::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  std::unique_ptr<storage::Store> store_;
  int64_t account_id_ = 0;
  int64_t campaign_id_ = 0;
  int64_t route_id_ = 0;
};

}  // namespace campaigner::operations

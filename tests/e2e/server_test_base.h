#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/server.h"
#include "tests/support/server_client.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::e2e {

using testing::HasReason;
using testing::IsOk;
using testing::Parse;
using testing::ServerClient;
using testing::StatusIs;
using testing::Watch;
using Accounts = ServerClient::Accounts;
using Campaigns = ServerClient::Campaigns;
using Messages = ServerClient::Messages;
using Webhooks = ServerClient::Webhooks;

// A whole server in this process, on a folder and a port of its own, with its operator's client.
class ServerTest : public ::testing::Test {
 protected:
  // A simulator that reports at once, and receivers on this machine.
  static constexpr char kQuickConfig[] =
      "providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } } }"
      "webhooks { allowed_networks: '127.0.0.0/8' }";

  void Start(const std::string& config = kQuickConfig, const std::string& metrics_listen = "") {
    auto server = Server::Start({.listen = "127.0.0.1:0",
                                 .data_dir = dir_.File("data"),
                                 .config_text = config,
                                 .metrics_listen = metrics_listen,
                                 .tls = {},
                                 .clock = fake_clock_ ? &*fake_clock_ : nullptr,
                                 .drain_timeout = absl::Seconds(5)});
    ASSERT_OK(server);
    server_ = *std::move(server);
    if (!server_->admin_key().empty()) admin_key_ = server_->admin_key();
    admin_ = std::make_unique<ServerClient>(server_->port(), admin_key_);
  }

  void Restart() {
    admin_.reset();
    server_.reset();
    Start();
  }

  // A client with a new key. `settings`: of the ApiKey, in text format.
  ServerClient NewClient(const std::string& settings, int64_t account_id = 0) {
    return ServerClient(server_->port(), NewKey(settings, account_id));
  }
  std::string NewKey(const std::string& settings, int64_t account_id = 0) {
    const auto made =
        admin_->Call(&Accounts::CreateApiKey,
                     fmt::format("account_id: {} api_key {{ {} }}", account_id, settings));
    EXPECT_OK(made);
    return made.ok() ? made->secret() : "";
  }
  // Another account's id.
  int64_t NewAccount() {
    const auto made = admin_->Call(&Accounts::CreateAccount, "account { display_name: 'other' }");
    EXPECT_OK(made);
    return made.ok() ? made->id() : 0;
  }

  // Watches an operation until it has ended; every state of it that was seen.
  std::vector<v1::Operation> Follow(int64_t operation_id) {
    grpc::ClientContext context;
    admin_->Prepare(context);
    v1::WatchOperationRequest request;
    request.set_operation_id(operation_id);
    const auto reader = admin_->operations().WatchOperation(&context, request);
    std::vector<v1::Operation> seen;
    v1::Operation operation;
    while (reader->Read(&operation)) seen.push_back(operation);
    EXPECT_TRUE(reader->Finish().ok());
    EXPECT_FALSE(seen.empty());
    return seen;
  }
  // How it ended.
  v1::Operation Finish(const absl::StatusOr<v1::Operation>& begun) {
    EXPECT_OK(begun);
    return begun.ok() ? Follow(begun->id()).back() : v1::Operation();
  }
  // The same of one that has to end well.
  v1::Operation Done(const absl::StatusOr<v1::Operation>& begun) {
    v1::Operation operation = Finish(begun);
    EXPECT_EQ(operation.state(), v1::Operation::DONE);
    return operation;
  }

  // The fields that an error names.
  static std::vector<std::string> Fields(const absl::Status& status) {
    std::vector<std::string> fields;
    for (const auto& violation : base::GetErrorDetail(status).violations) {
      fields.push_back(violation.field);
    }
    return fields;
  }

  const testing::TempDir dir_;
  // Set before Start: the server's time.
  std::optional<base::FakeClock> fake_clock_;
  std::unique_ptr<Server> server_;
  std::string admin_key_;
  std::unique_ptr<ServerClient> admin_;
};

}  // namespace campaigner::e2e

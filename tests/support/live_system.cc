#include "tests/support/live_system.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/status_matchers.h"

namespace campaigner::testing {

LiveSystem::LiveSystem(std::string config) : config_(std::move(config)) {
  StartServer();
  admin_key_ = server_->admin_key();
  client_ = ClientWith(admin_key_);
  gateway::GatewayOptions options;
  options.http.listen = "127.0.0.1:0";
  options.server.target = fmt::format("127.0.0.1:{}", server_port_);
  auto gateway = gateway::Gateway::Start(options);
  if (!gateway.ok()) ADD_FAILURE() << gateway.status();
  gateway_ = *std::move(gateway);
}

LiveSystem::~LiveSystem() {
  gateway_.reset();
  client_.reset();
  server_.reset();
}

std::unique_ptr<client::Client> LiveSystem::ClientWith(const std::string& key) {
  client::ClientOptions options;
  options.channel.target = fmt::format("127.0.0.1:{}", server_port_);
  options.api_key = key;
  auto made = client::Client::Create(std::move(options));
  if (!made.ok()) ADD_FAILURE() << made.status();
  return *std::move(made);
}

std::string LiveSystem::MakeKey(int64_t account_id, v1::ApiKey key) {
  v1::CreateApiKeyRequest request;
  request.set_account_id(account_id);
  if (key.display_name().empty()) key.set_display_name("test");
  if (key.scope() == v1::ApiKey::SCOPE_UNSPECIFIED) key.set_scope(v1::ApiKey::SEND);
  *request.mutable_api_key() = std::move(key);
  const auto made = client_->CreateApiKey(request);
  EXPECT_OK(made);
  return made.ok() ? made->secret() : std::string();
}

void LiveSystem::StopServer() { server_.reset(); }

void LiveSystem::StartServer() {
  ServerOptions options;
  options.listen = fmt::format("127.0.0.1:{}", server_port_);
  options.data_dir = dir_.path();
  options.config_text = config_;
  auto started = Server::Start(options);
  if (!started.ok()) ADD_FAILURE() << started.status();
  server_ = *std::move(started);
  server_port_ = server_->port();
}

}  // namespace campaigner::testing

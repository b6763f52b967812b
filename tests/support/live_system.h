#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cpp/client.h"
#include "gateway/gateway.h"
#include "server/server.h"
#include "tests/support/temp_dir.h"

namespace campaigner::testing {

// A whole Campaigner in this process, on real sockets and a real file: server, gateway, and a
// client with the operator's admin key. The simulator delivers.
class LiveSystem {
 public:
  // Checked with gtest's assertions inside: a test that cannot have one has failed. `config`: the
  // server's, in text format.
  explicit LiveSystem(std::string config = "");
  ~LiveSystem();
  LiveSystem(const LiveSystem&) = delete;
  LiveSystem& operator=(const LiveSystem&) = delete;

  int gateway_port() const { return gateway_->port(); }
  const std::string& admin_key() const { return admin_key_; }
  client::Client& client() { return *client_; }

  // A key of the operator's account (0) or another, with the rest as given.
  std::string MakeKey(int64_t account_id, v1::ApiKey key);
  // A client that uses `key`.
  std::unique_ptr<client::Client> ClientWith(const std::string& key);

  // The server goes away, and comes back at the same place.
  void StopServer();
  void StartServer();

 private:
  const std::string config_;
  TempDir dir_;
  std::string admin_key_;
  int server_port_ = 0;
  std::unique_ptr<Server> server_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace campaigner::testing

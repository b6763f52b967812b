#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/options.h"
#include "gateway/http/server.h"

namespace campaigner::gateway {

struct GatewayOptions {
  http::ServerOptions http;
  // The server behind it. It need not be there yet.
  client::ChannelOptions server;
  // Proxies in front of it, in CIDR form: from them, and only them, X-Forwarded-For is believed.
  std::vector<std::string> trusted_proxies;
  // How long Stop waits for answers under way.
  absl::Duration drain_timeout = absl::Seconds(10);
};

// The whole of campaigner-gateway inside a process: REST for every RPC, the dialects, receipts,
// health and metrics. Keeps no state: any number of them serve one server. Thread-safe.
class Gateway {
 public:
  // INVALID_ARGUMENT: an option, named. UNAVAILABLE: the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(GatewayOptions options);

  // Stops.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The port that is really listened on.
  int port() const;
  // Accepts nothing more, ends streams, finishes what is under way. Blocks. May be called twice.
  void Stop();

 private:
  class Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace campaigner::gateway

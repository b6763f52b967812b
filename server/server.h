#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace campaigner {

// PEM files. All empty: no TLS.
struct TlsOptions {
  std::string certificate_path;
  std::string key_path;
  // Clients must bring a certificate signed by one of these. Empty: none is asked for.
  std::string client_ca_path;
};

struct ServerOptions {
  // host:port, port 0 for any free one; or "unix:/path".
  std::string listen = "127.0.0.1:50051";
  // Made where it does not exist. One server at a time.
  std::string data_dir = "./campaigner-data";
  // campaigner.config.ServerConfig in protobuf text format. Empty: every default.
  std::string config_text;
  // host:port of GET /metrics, port 0 for any free one. Empty: none.
  std::string metrics_listen;
  TlsOptions tls;
  // Not owned; must outlive the server. nullptr: the system's clock.
  base::Clock* clock = nullptr;
  // How long Stop waits for calls that are under way before it cuts them off.
  absl::Duration drain_timeout = absl::Seconds(10);
};

// The whole of campaigner-server inside a process: storage, dispatch, webhooks and the gRPC API.
// Tests start it on port 0. Thread-safe.
class Server {
 public:
  // INVALID_ARGUMENT: the configuration (the message names the field). FAILED_PRECONDITION: another
  // server has the data folder. UNAVAILABLE: the address cannot be bound, the folder not written.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);

  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port that is really listened on; 0 for a unix socket.
  int port() const;
  // That of /metrics; 0 without.
  int metrics_port() const;
  // The secret of the operator's admin key, if this start made it (the first on its data folder);
  // else empty.
  const std::string& admin_key() const;

  // Ends well: health turns NOT_SERVING, streams end with UNAVAILABLE, calls under way finish,
  // nothing new is sent, what is queued is committed. Blocks. May be called twice.
  void Stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace campaigner

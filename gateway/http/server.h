#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/connection_pool.h"
#include "gateway/http/listener.h"
#include "gateway/http/message.h"
#include "gateway/limits.h"

namespace campaigner::gateway::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";
  // PEM files. Both or none: plain HTTP.
  std::string tls_certificate_path;
  std::string tls_key_path;
  size_t connections_max = limits::kConnectionsMax;
  Timeouts timeouts{limits::kIdleTimeout, limits::kHeadTimeout, limits::kBodyTimeout,
                    limits::kWriteTimeout};
};

// A bounded HTTP/1.1 server: bounds on connections, bytes and time of everything that a client does
// (gateway/limits.h). Thread-safe.
class Server {
 public:
  // `handler` must outlive it. INVALID_ARGUMENT: options. UNAVAILABLE: the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       Handler& handler);
  // Stops at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  size_t connections() const { return pool_.connections(); }
  // Connections that were turned away.
  size_t rejected() const { return pool_.rejected(); }
  // Accepts nothing more, waits at most so long for answers under way. May be called twice.
  void Stop(absl::Duration drain_timeout);

 private:
  Server(const ServerOptions& options, SslContext ssl_context, Socket listening, Handler& handler);
  void AcceptAll();

  const ServerOptions options_;
  const SslContext ssl_context_;
  const Socket listening_;
  const int port_;
  Handler& handler_;
  ConnectionPool pool_;
  std::thread accepter_;
};

}  // namespace campaigner::gateway::http

#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/event_loop.h"
#include "gateway/http/listener.h"
#include "gateway/http/message.h"
#include "gateway/limits.h"

namespace campaigner::gateway::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";
  // PEM files. Both or none: plain HTTP.
  std::string tls_certificate_path;
  std::string tls_key_path;
  // Over all loops.
  size_t connections_max = limits::kConnectionsMax;
  // Threads that serve connections. 0: one for every two processors.
  size_t loops = 0;
  Timeouts timeouts{limits::kIdleTimeout, limits::kHeadTimeout, limits::kBodyTimeout,
                    limits::kWriteTimeout};
};

// A bounded HTTP/1.1 server: bounds on connections, bytes and time of everything that a client does
// (gateway/limits.h). An idle or slow client costs memory, not a thread. Thread-safe.
class Server {
 public:
  // `handler` and `tasks`, which runs streamed answers, must outlive it. INVALID_ARGUMENT: options.
  // UNAVAILABLE: the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       Handler& handler, TaskPool& tasks);
  // Stops at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  size_t connections() const;
  // Connections that were turned away.
  size_t rejected() const;
  // Bytes of large bodies not yet answered, and of large answers not yet taken.
  size_t kept_bytes() const { return context_.kept_bytes; }
  // Accepts nothing more, waits so long for answers under way; then cuts their connections, and
  // still waits for their handlers. May be called twice.
  void Stop(absl::Duration drain_timeout) EXCLUDES(stop_mutex_);

 private:
  Server(const ServerOptions& options, SslContext ssl_context, Socket listening, Handler& handler,
         TaskPool& tasks);
  void AcceptAll();

  const SslContext ssl_context_;
  const Socket listening_;
  const int port_;
  LoopContext context_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  base::Mutex stop_mutex_;
  std::thread accepter_;
};

}  // namespace campaigner::gateway::http

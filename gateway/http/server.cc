#include "gateway/http/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "absl/status/status.h"
#include "gateway/http/log_gate.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway::http {
namespace {

// After a failed accept: out of descriptors, mostly; they come back when connections end.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(10);

// The other processors are for gRPC's threads, which have as much to do with a request.
size_t DefaultLoops() { return std::max(2u, std::thread::hardware_concurrency()) / 2; }

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      Handler& handler, TaskPool& tasks) {
  SslContext ssl_context;
  if (options.tls_certificate_path.empty() != options.tls_key_path.empty()) {
    return absl::InvalidArgumentError("--tls_cert needs --tls_key, and --tls_key needs --tls_cert");
  }
  if (!options.tls_certificate_path.empty()) {
    ASSIGN_OR_RETURN(ssl_context,
                     MakeServerSslContext(options.tls_certificate_path, options.tls_key_path));
  }
  ASSIGN_OR_RETURN(Socket listening, Listen(options.listen));
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  return std::unique_ptr<Server>(
      new Server(options, std::move(ssl_context), std::move(listening), handler, tasks));
}

Server::Server(const ServerOptions& options, SslContext ssl_context, Socket listening,
               Handler& handler, TaskPool& tasks)
    : ssl_context_(std::move(ssl_context)),
      listening_(std::move(listening)),
      port_(BoundPort(listening_)),
      context_{handler, tasks, options.timeouts, 0} {
  const size_t loops = options.loops > 0 ? options.loops : DefaultLoops();
  context_.connections_max = std::max<size_t>(1, options.connections_max / loops);
  for (size_t i = 0; i < loops; ++i) loops_.push_back(std::make_unique<EventLoop>(context_));
  accepter_ = std::thread([this] { AcceptAll(); });
}

Server::~Server() { Stop(absl::ZeroDuration()); }

void Server::AcceptAll() {
  LogGate log_gate;
  for (size_t next = 0;; ++next) {
    absl::StatusOr<Accepted> accepted = Accept(listening_);
    if (absl::IsCancelled(accepted.status())) return;
    if (!accepted.ok()) {
      if (log_gate.TryPass()) {
        base::LogWarning("http_accept_failed", {{"error", accepted.status().ToString()}});
      }
      (void)WaitFor(-1, 0, DeadlineIn(kAcceptPause));
      continue;
    }
    const int socket = accepted->socket.Release();
    loops_[next % loops_.size()]->Add(
        ssl_context_ ? MakeTlsTransport(socket, ssl_context_.get()) : MakePlainTransport(socket),
        std::move(accepted->remote_address));
  }
}

size_t Server::connections() const {
  size_t sum = 0;
  for (const auto& loop : loops_) sum += loop->connections();
  return sum;
}

size_t Server::rejected() const {
  size_t sum = 0;
  for (const auto& loop : loops_) sum += loop->rejected();
  return sum;
}

void Server::Stop(absl::Duration drain_timeout) {
  base::MutexLock lock(stop_mutex_);
  // Wakes accept, which a close would not.
  shutdown(listening_.get(), SHUT_RDWR);
  if (accepter_.joinable()) accepter_.join();
  const Deadline deadline = DeadlineIn(drain_timeout);
  for (const auto& loop : loops_) loop->Drain();
  for (const auto& loop : loops_) loop->Join(deadline);
}

}  // namespace campaigner::gateway::http

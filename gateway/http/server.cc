#include "gateway/http/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <utility>

#include "absl/status/status.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway::http {
namespace {

// After a failed accept: out of descriptors, mostly; they come back when connections end.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      Handler& handler) {
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
      new Server(options, std::move(ssl_context), std::move(listening), handler));
}

Server::Server(const ServerOptions& options, SslContext ssl_context, Socket listening,
               Handler& handler)
    : options_(options),
      ssl_context_(std::move(ssl_context)),
      listening_(std::move(listening)),
      port_(BoundPort(listening_)),
      handler_(handler),
      pool_(options.connections_max),
      accepter_([this] { AcceptAll(); }) {}

Server::~Server() { Stop(absl::ZeroDuration()); }

void Server::AcceptAll() {
  while (true) {
    absl::StatusOr<Accepted> accepted = Accept(listening_);
    if (absl::IsCancelled(accepted.status())) return;
    if (!accepted.ok()) {
      base::LogWarning("http_accept_failed", {{"error", accepted.status().ToString()}});
      (void)WaitFor(-1, 0, DeadlineIn(kAcceptPause));
      continue;
    }
    const int socket = accepted->socket.Release();
    pool_.Serve(std::make_unique<Connection>(
        ssl_context_ ? MakeTlsTransport(socket, ssl_context_.get()) : MakePlainTransport(socket),
        std::move(accepted->remote_address), options_.timeouts, handler_));
  }
}

void Server::Stop(absl::Duration drain_timeout) {
  // Wakes accept, which a close would not.
  shutdown(listening_.get(), SHUT_RDWR);
  if (accepter_.joinable()) accepter_.join();
  pool_.Stop(drain_timeout);
}

}  // namespace campaigner::gateway::http

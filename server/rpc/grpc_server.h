#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace campaigner::rpc {

struct GrpcServerOptions {
  // host:port, port 0 for any free one; or "unix:/path".
  std::string listen;
  // PEM files. Certificate empty: no TLS. Client CA empty: clients need no certificate.
  std::string certificate_path;
  std::string key_path;
  std::string client_ca_path;
  // Not owned; must outlive the server.
  std::vector<grpc::Service*> services;
};

// A listening gRPC server with health service and reflection, and every limit set. Thread-safe.
class GrpcServer {
 public:
  // INVALID_ARGUMENT for TLS files that cannot be read, UNAVAILABLE for an address that cannot be
  // bound; both name it.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options);

  // 0 for a unix socket.
  int port() const { return port_; }

  // Health answers NOT_SERVING from now on, so that callers go elsewhere.
  void AnnounceDrain();
  // Takes no new calls and waits for those under way; cuts off what is left after `patience`. May
  // be called twice.
  void Shutdown(absl::Duration patience);

 private:
  GrpcServer() = default;

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace campaigner::rpc

#include "server/rpc/grpc_server.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <mutex>

#include "server/base/limits.h"
#include "server/base/pem.h"
#include "server/base/status_macros.h"

namespace campaigner::rpc {
namespace {

namespace limits = base::limits;

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const GrpcServerOptions& options) {
  if (options.certificate_path.empty() != options.key_path.empty()) {
    return absl::InvalidArgumentError("TLS needs both a certificate and its key");
  }
  if (options.certificate_path.empty()) {
    if (!options.client_ca_path.empty()) {
      return absl::InvalidArgumentError("a client CA needs a certificate and its key");
    }
    return grpc::InsecureServerCredentials();
  }
  grpc::SslServerCredentialsOptions tls;
  ASSIGN_OR_RETURN(base::TlsKeyPair pair,
                   base::ReadTlsKeyPair(options.certificate_path, options.key_path));
  tls.pem_key_cert_pairs.push_back({std::move(pair.key), std::move(pair.certificates)});
  if (!options.client_ca_path.empty()) {
    ASSIGN_OR_RETURN(tls.pem_root_certs,
                     base::ReadCertificates("the TLS client CA", options.client_ca_path));
    tls.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(tls);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits::kGrpcRequestBytesMax);
  builder.SetMaxSendMessageSize(limits::kGrpcResponseBytesMax);
  // On by default: a second server would silently share the port.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::kGrpcStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits::kGrpcMetadataBytesMax);
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  // A peer that vanished without a word holds its streams no longer than both together.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(limits::kGrpcKeepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             milliseconds(limits::kGrpcKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds(limits::kGrpcPingIntervalMin));
  // Only health and reflection are served by threads of their own.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
}

// Process-wide settings of gRPC, which must be made before the first server.
void InstallPlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options) {
  InstallPlugins();
  ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options));
  grpc::ServerBuilder builder;
  SetLimits(builder);
  std::unique_ptr<GrpcServer> result(new GrpcServer);
  int port = 0;
  builder.AddListeningPort(options.listen, credentials, &port);
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  result->server_ = builder.BuildAndStart();
  if (result->server_ == nullptr || port == 0) {
    return absl::UnavailableError(
        fmt::format("cannot listen on {}: the address is in use, or wrong", options.listen));
  }
  result->port_ = options.listen.starts_with("unix") ? 0 : port;
  return result;
}

void GrpcServer::AnnounceDrain() {
  if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
}

void GrpcServer::Shutdown(absl::Duration patience) {
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(patience));
}

}  // namespace campaigner::rpc

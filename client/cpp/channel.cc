#include "client/cpp/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "server/base/limits.h"
#include "server/base/pem.h"
#include "server/base/status_macros.h"

namespace campaigner::client {
namespace {

// Long errors with details pass whole; gRPC's own default is 8 KiB.
constexpr int kMetadataBytesMax = 64 << 10;

// For TCP, TLS and HTTP/2 together, over a slow line.
constexpr int kConnectTimeoutMs = 5'000;
// When a silent server is asked for a sign of life, and how long it has to give it: a host that
// vanished is noticed in 25 s, not when TCP gives up. The server permits kGrpcPingIntervalMin.
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 5'000;

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  if (tls->certificate_file.empty() != tls->key_file.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate needs its key, and a key needs its certificate");
  }
  grpc::SslCredentialsOptions ssl;
  if (!tls->ca_file.empty()) {
    ASSIGN_OR_RETURN(ssl.pem_root_certs, base::ReadCertificates("the TLS CA", tls->ca_file));
  }
  if (!tls->certificate_file.empty()) {
    ASSIGN_OR_RETURN(base::TlsKeyPair pair,
                     base::ReadTlsKeyPair(tls->certificate_file, tls->key_file));
    ssl.pem_cert_chain = std::move(pair.certificates);
    ssl.pem_private_key = std::move(pair.key);
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  ASSIGN_OR_RETURN(auto credentials, MakeCredentials(options.tls));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(base::limits::kGrpcResponseBytesMax);
  arguments.SetMaxSendMessageSize(base::limits::kGrpcRequestBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name it is the time that an attempt to connect is given.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Otherwise it stops asking after two pings without a call.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Otherwise channels of one process share a connection, and one broken test or tenant another's.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return grpc::CreateCustomChannel(options.target, credentials, arguments);
}

}  // namespace campaigner::client

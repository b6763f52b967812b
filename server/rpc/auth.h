#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/account.h"
#include "server/net/http_client.h"
#include "server/storage/account_store.h"

namespace campaigner::rpc {

// What a call shows of itself.
struct Credentials {
  // Empty: none was given.
  std::string api_key;
  std::string client_address;

  bool operator==(const Credentials&) const = default;
};

// Who calls, after the checks.
struct Caller {
  domain::ApiKey key;
  std::string client_address;

  int64_t account_id() const { return key.account_id; }
};

// SHA-256 of a key's secret, 32 bytes: what storage knows of it.
std::string HashSecret(std::string_view secret);

// The address in gRPC's name of a peer ("ipv4:192.0.2.1:5", "ipv6:%5B::1%5D:5"); loopback for
// "unix:..".
std::string PeerAddress(std::string_view peer);

// Decides who may call. Thread-safe.
class Authenticator {
 public:
  // `store` must outlive it. What a peer in `trusted_gateways` says of the client's address is
  // believed.
  Authenticator(storage::AccountStore& store, net::NetworkList trusted_gateways)
      : store_(store), trusted_gateways_(std::move(trusted_gateways)) {}

  // Whether the other end of the connection is a gateway of ours. A unix socket is.
  bool IsTrustedGateway(const grpc::CallbackServerContext& context) const;

  // The key from x-api-key, else from authorization: Bearer. The address from x-client-address
  // where the peer is a trusted gateway, else the peer's.
  Credentials ReadCredentials(const grpc::CallbackServerContext& context) const;

  // UNAUTHENTICATED: no key, unknown, revoked, expired. PERMISSION_DENIED: not from this address,
  // or not with this scope.
  absl::StatusOr<Caller> Check(const Credentials& credentials, domain::Scope needed,
                               absl::Time now) const;
  // The same without blocking; nothing where it takes Check to tell, or Check would refuse.
  std::optional<Caller> CheckInMemory(const Credentials& credentials, domain::Scope needed,
                                      absl::Time now) const;
  // The same as Check for a call that goes on, of whose caller Check was content. OK also where
  // that cannot be told now.
  absl::Status Recheck(const Credentials& credentials, domain::Scope needed, absl::Time now) const;

 private:
  storage::AccountStore& store_;
  const net::NetworkList trusted_gateways_;
};

}  // namespace campaigner::rpc

#include "server/rpc/auth.h"

#include <openssl/sha.h>
#include <strings.h>

#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"

namespace campaigner::rpc {
namespace {

namespace errors = domain::errors;

constexpr char kLoopback[] = "127.0.0.1";

std::string_view Metadata(const grpc::CallbackServerContext& context, const char* name) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(name);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  const size_t start = authorization.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view() : authorization.substr(start);
}

const char* ScopeName(domain::Scope scope) {
  switch (scope) {
    case domain::Scope::kSend: return "SEND";
    case domain::Scope::kManage: return "MANAGE";
    case domain::Scope::kAdmin: return "ADMIN";
  }
  return "?";
}

absl::Status CheckNetwork(const domain::ApiKey& key, const std::string& address) {
  if (key.client_networks.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const net::NetworkList networks, net::NetworkList::Parse(key.client_networks));
  if (networks.Contains(address)) return absl::OkStatus();
  return errors::ClientNetworkDenied(address);
}

absl::Status CheckKey(const domain::ApiKey& key, const std::string& client_address,
                      domain::Scope needed, absl::Time now) {
  if (key.revoke_time) return errors::ApiKeyRevoked();
  if (key.expire_time && *key.expire_time <= now) return errors::ApiKeyExpired();
  RETURN_IF_ERROR(CheckNetwork(key, client_address));
  if (key.scope < needed) return errors::ScopeMissing(ScopeName(needed));
  return absl::OkStatus();
}

}  // namespace

std::string HashSecret(std::string_view secret) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string PeerAddress(std::string_view peer) {
  const size_t scheme_end = peer.find(':');
  if (scheme_end == std::string_view::npos) return std::string(peer);
  const std::string_view scheme = peer.substr(0, scheme_end);
  if (scheme.starts_with("unix")) return kLoopback;
  std::string_view address = peer.substr(scheme_end + 1);
  address = address.substr(0, address.rfind(':'));  // Without the port.
  for (const std::string_view bracket : {"%5B", "["}) {
    if (address.starts_with(bracket)) address.remove_prefix(bracket.size());
  }
  for (const std::string_view bracket : {"%5D", "]"}) {
    if (address.ends_with(bracket)) address.remove_suffix(bracket.size());
  }
  return std::string(address.substr(0, address.find('%')));  // Without a zone ("fe80::1%25eth0").
}

bool Authenticator::IsTrustedGateway(const grpc::CallbackServerContext& context) const {
  const std::string peer = context.peer();
  return peer.starts_with("unix") || trusted_gateways_.Contains(PeerAddress(peer));
}

Credentials Authenticator::ReadCredentials(const grpc::CallbackServerContext& context) const {
  Credentials credentials;
  credentials.api_key = Metadata(context, "x-api-key");
  if (credentials.api_key.empty()) {
    credentials.api_key = BearerToken(Metadata(context, "authorization"));
  }
  const std::string_view passed_on = Metadata(context, "x-client-address");
  if (!passed_on.empty() && IsTrustedGateway(context)) {
    credentials.client_address = passed_on;
  } else {
    credentials.client_address = PeerAddress(context.peer());
  }
  return credentials;
}

absl::StatusOr<Caller> Authenticator::Check(const Credentials& credentials, domain::Scope needed,
                                            absl::Time now) const {
  if (credentials.api_key.empty()) return errors::ApiKeyMissing();
  absl::StatusOr<domain::ApiKey> key = store_.FindApiKey(HashSecret(credentials.api_key));
  if (absl::IsNotFound(key.status())) return errors::ApiKeyUnknown();
  RETURN_IF_ERROR(key.status());
  RETURN_IF_ERROR(CheckKey(*key, credentials.client_address, needed, now));
  return Caller{.key = *std::move(key), .client_address = credentials.client_address};
}

std::optional<Caller> Authenticator::CheckInMemory(const Credentials& credentials,
                                                   domain::Scope needed, absl::Time now) const {
  if (credentials.api_key.empty()) return std::nullopt;
  std::optional<domain::ApiKey> key = store_.FindApiKeyInMemory(HashSecret(credentials.api_key));
  if (!key || !CheckKey(*key, credentials.client_address, needed, now).ok()) return std::nullopt;
  return Caller{.key = *std::move(key), .client_address = credentials.client_address};
}

absl::Status Authenticator::Recheck(const Credentials& credentials, domain::Scope needed,
                                    absl::Time now) const {
  absl::Status status = Check(credentials, needed, now).status();
  const bool is_refused = absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
  return is_refused ? status : absl::OkStatus();
}

}  // namespace campaigner::rpc

#include "server/services/secrets.h"

#include <openssl/rand.h>

#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/auth.h"

namespace campaigner::services {
namespace {

constexpr size_t kSecretChars = 40;
constexpr size_t kPrefixChars = 6;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

}  // namespace

absl::StatusOr<std::string> RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    return domain::errors::Internal("the system gives no random bytes");
  }
  return bytes;
}

absl::StatusOr<std::string> MakeKeySecret() {
  // Bytes past the last whole multiple would favour the first letters.
  constexpr size_t kUsable = 256 / kAlphabet.size() * kAlphabet.size();
  std::string secret;
  while (secret.size() < kSecretChars) {
    ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(kSecretChars));
    for (const char byte : bytes) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < kUsable && secret.size() < kSecretChars) {
        secret += kAlphabet[value % kAlphabet.size()];
      }
    }
  }
  return secret;
}

void SetSecret(const std::string& secret, domain::ApiKey& key) {
  key.prefix = secret.substr(0, kPrefixChars);
  key.secret_hash = rpc::HashSecret(secret);
}

}  // namespace campaigner::services

#include "server/webhooks/signing.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "absl/strings/escaping.h"
#include "server/base/text.h"

namespace campaigner::webhooks {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretBytesMin = 24;
constexpr size_t kSecretBytesMax = 64;

}  // namespace

std::string GenerateWebhookSecret() {
  std::string secret(kSecretBytes, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(secret.data());
  // Without randomness there is no secret to give out: better no process than a known key.
  if (RAND_bytes(bytes, static_cast<int>(secret.size())) != 1) {
    throw std::runtime_error("the system has no random bytes");
  }
  return secret;
}

std::string FormatWebhookSecret(std::string_view secret) {
  return std::string(kSecretPrefix) + absl::Base64Escape(base::ToAbsl(secret));
}

absl::StatusOr<std::string> ParseWebhookSecret(std::string_view text) {
  if (!text.starts_with(kSecretPrefix)) {
    return absl::InvalidArgumentError("a webhook secret begins with whsec_");
  }
  std::string secret;
  if (!absl::Base64Unescape(base::ToAbsl(text.substr(kSecretPrefix.size())), &secret)) {
    return absl::InvalidArgumentError("a webhook secret is base64 after whsec_");
  }
  if (secret.size() < kSecretBytesMin || secret.size() > kSecretBytesMax) {
    return absl::InvalidArgumentError("a webhook secret has 24 to 64 bytes");
  }
  return secret;
}

std::string WebhookId(int64_t delivery_id) { return fmt::format("whd_{}", delivery_id); }

std::string SignWebhook(std::string_view secret, std::string_view webhook_id, int64_t timestamp,
                        std::string_view body) {
  const std::string content = fmt::format("{}.{}.{}", webhook_id, timestamp, body);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int mac_size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac, &mac_size);
  return "v1," + absl::Base64Escape({reinterpret_cast<const char*>(mac), mac_size});
}

std::string SignatureHeader(const domain::WebhookSecrets& secrets, std::string_view webhook_id,
                            absl::Time now, std::string_view body) {
  const int64_t timestamp = absl::ToUnixSeconds(now);
  std::string header = SignWebhook(secrets.current, webhook_id, timestamp, body);
  const bool previous_holds = !secrets.previous.empty() && secrets.previous_expire_time &&
                              now < *secrets.previous_expire_time;
  if (previous_holds) {
    header += " " + SignWebhook(secrets.previous, webhook_id, timestamp, body);
  }
  return header;
}

}  // namespace campaigner::webhooks

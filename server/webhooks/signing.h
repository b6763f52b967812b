#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/account.h"

// Webhook signatures after the Standard Webhooks scheme (https://www.standardwebhooks.com, version
// 1): a receiver verifies with any library of it. Pure functions.
namespace campaigner::webhooks {

// 32 random bytes. The scheme allows 24 to 64.
std::string GenerateWebhookSecret();

// "whsec_" and the bytes in base64: what people copy.
std::string FormatWebhookSecret(std::string_view secret);
// The bytes of a secret so written. INVALID_ARGUMENT: no prefix, not base64, not 24 to 64 bytes.
absl::StatusOr<std::string> ParseWebhookSecret(std::string_view text);

// The value of `webhook-id`: the same for every try of a delivery, so that a receiver can tell a
// repeat.
std::string WebhookId(int64_t delivery_id);

// "v1,<base64 of HMAC-SHA256 over id.timestamp.body>". The timestamp counts Unix seconds.
std::string SignWebhook(std::string_view secret, std::string_view webhook_id, int64_t timestamp,
                        std::string_view body);

// The value of `webhook-signature` at `now`: the current secret's signature and, while the previous
// secret holds, its signature behind a space.
std::string SignatureHeader(const domain::WebhookSecrets& secrets, std::string_view webhook_id,
                            absl::Time now, std::string_view body);

}  // namespace campaigner::webhooks

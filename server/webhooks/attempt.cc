#include "server/webhooks/attempt.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/retry.h"
#include "server/webhooks/signing.h"

namespace campaigner::webhooks {
namespace {

// Even a try whose delay is short may be put off by so much: the shortest Retry-After in common
// use.
constexpr absl::Duration kRetryAfterMin = absl::Minutes(1);

bool IsSuccess(const net::HttpResult& result) {
  const bool has_answer =
      result.failure == net::HttpFailure::kNone || result.failure == net::HttpFailure::kTooLarge;
  return has_answer && result.response.status >= 200 && result.response.status < 300;
}

bool IsRefusedForGood(const net::HttpResult& result) {
  return result.failure == net::HttpFailure::kForbiddenAddress ||
         result.failure == net::HttpFailure::kInvalidRequest;
}

std::string Describe(const net::HttpResult& result) {
  const std::string& said =
      result.failure == net::HttpFailure::kNone ? result.response.body : result.error;
  return base::Printable(said, base::limits::kProviderDetailBytesMax);
}

}  // namespace

net::HttpRequest MakeRequest(const storage::ClaimedWebhook& delivery,
                             const domain::WebhookSecrets& secrets, absl::Duration timeout,
                             absl::Time now) {
  const std::string id = WebhookId(delivery.id);
  net::HttpRequest request;
  request.url = delivery.url;
  request.headers = {{"accept", "application/json"},
                     {"content-type", "application/json"},
                     {"user-agent", "Campaigner-Webhooks"},
                     {"webhook-id", id},
                     {"webhook-timestamp", std::to_string(absl::ToUnixSeconds(now))},
                     {"webhook-signature", SignatureHeader(secrets, id, now, delivery.payload)}};
  request.body = delivery.payload;
  request.timeout = timeout;
  request.purpose = fmt::format("webhook:{}", delivery.id);
  return request;
}

storage::WebhookOutcome DecideOutcome(const storage::ClaimedWebhook& delivery,
                                      const net::HttpResult& result, double jitter,
                                      absl::Time now) {
  storage::WebhookOutcome outcome;
  outcome.id = delivery.id;
  outcome.http_status = result.response.status;
  if (IsSuccess(result)) {
    outcome.state = domain::WebhookState::kDelivered;
    return outcome;
  }
  outcome.error = Describe(result);
  const auto delay = domain::WebhookRetryDelay(delivery.attempt_count + 1, jitter);
  if (IsRefusedForGood(result) || !delay) {
    outcome.state = domain::WebhookState::kFailed;
    return outcome;
  }
  outcome.state = domain::WebhookState::kPending;
  const absl::Duration asked = result.response.retry_after.value_or(absl::ZeroDuration());
  const absl::Duration longest = std::max(2 * *delay, kRetryAfterMin);
  outcome.next_attempt_time = now + std::clamp(asked, *delay, longest);
  return outcome;
}

ReceiverHealth JudgeReceiver(const net::HttpResult& result) {
  switch (result.failure) {
    case net::HttpFailure::kNone:
    case net::HttpFailure::kTooLarge: {
      const int status = result.response.status;
      return status == 429 || status >= 500 ? ReceiverHealth::kFails : ReceiverHealth::kAnswers;
    }
    case net::HttpFailure::kNotConnected:
    case net::HttpFailure::kNoAnswer: return ReceiverHealth::kDead;
    case net::HttpFailure::kInvalidRequest:
    case net::HttpFailure::kForbiddenAddress:
    case net::HttpFailure::kOverloaded: break;
  }
  return ReceiverHealth::kNotAsked;
}

}  // namespace campaigner::webhooks

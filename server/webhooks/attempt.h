#pragma once

#include "absl/time/time.h"
#include "server/domain/account.h"
#include "server/net/http_client.h"
#include "server/storage/webhook_store.h"

// One try of a webhook delivery: what is sent, and what its result means. Pure functions.
namespace campaigner::webhooks {

// The signed POST of `delivery`.
net::HttpRequest MakeRequest(const storage::ClaimedWebhook& delivery,
                             const domain::WebhookSecrets& secrets, absl::Duration timeout,
                             absl::Time now);

// What becomes of `delivery` after a try:
// - any 2xx: delivered, however much of an answer there was;
// - a URL that may not be called (address guard, not a URL): failed at once, replayable;
// - everything else, 410 included: pending until domain::WebhookRetryDelay, or failed when all
// tries
//   are used up. Retry-After may put it off, to twice the delay and at least a minute at most.
// `jitter` in [0, 1).
storage::WebhookOutcome DecideOutcome(const storage::ClaimedWebhook& delivery,
                                      const net::HttpResult& result, double jitter, absl::Time now);

// What a result says of the receiver, whoever the delivery was for.
enum class ReceiverHealth : uint8_t {
  kAnswers,  // It took the request, or refused just this one (4xx).
  kFails,    // It answers that it cannot now (429, 5xx).
  kDead,     // There is no valid answer.
  kNotAsked  // Nothing went out, for a reason of our own.
};
ReceiverHealth JudgeReceiver(const net::HttpResult& result);

}  // namespace campaigner::webhooks

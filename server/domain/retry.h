#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"

namespace campaigner::domain {

// Pause after failed attempt number `attempt` (1 is the first): `interval` doubled with each
// further attempt, +-10 % by `jitter` in [0, 1), capped by limits::kRetryIntervalMax.
absl::Duration RetryDelay(absl::Duration interval, int32_t attempt, double jitter);

// Pause before try number `tries_made + 1` of a webhook: about 5 s, 30 s, 2 min, 10 min, 1 h, 6 h,
// 24 h, +-20 % by `jitter` in [0, 1). nullopt: all tries are used up.
std::optional<absl::Duration> WebhookRetryDelay(int32_t tries_made, double jitter);

// What becomes of a message after an attempt.
struct AfterAttempt {
  MessageState state = MessageState::kUnknown;
  StateReason reason = StateReason::kNone;
  // With state kAccepted: when the next attempt is due.
  std::optional<absl::Time> next_attempt_time = std::nullopt;
};

struct AttemptPolicy {
  int32_t attempts_max = 0;
  absl::Duration retry_interval;
  // False: an unknown outcome is never sent again.
  bool retry_unknown = true;
  // The least pause after an unknown outcome: a receipt may still tell.
  absl::Duration unknown_wait = absl::ZeroDuration();
  // True: the provider sends no receipts, so accepted counts as delivered.
  bool accepted_is_delivered = false;
};

// The one place that turns an outcome into a state:
// - accepted: SENT (or DELIVERED);
// - rejected: by `rejection`, the provider's reason, REJECTED (wrong recipient, forbidden, no
// funds, opted out) or UNDELIVERED (anything else); misconfigured: UNDELIVERED; opted out:
// REJECTED;
// - passing failure, throttled, unknown: ACCEPTED with a time while attempts are left, else
// UNDELIVERED (attempts exhausted); unknown with `retry_unknown` false: UNKNOWN.
// `retry_after` is the provider's wish: never sooner than that. Unknown: never sooner than the
// policy's `unknown_wait`. Throttled costs no attempt:
// `attempts_made` counts the others, the present one included.
AfterAttempt Decide(const AttemptPolicy& policy, AttemptOutcome outcome, StateReason rejection,
                    int32_t attempts_made, std::optional<absl::Duration> retry_after, double jitter,
                    absl::Time now);

}  // namespace campaigner::domain

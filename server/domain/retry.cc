#include "server/domain/retry.h"

#include <algorithm>
#include <array>

#include "server/base/limits.h"

namespace campaigner::domain {
namespace {

using base::limits::kRetryIntervalMax;

constexpr double kRetrySpread = 0.1;
constexpr double kWebhookSpread = 0.2;

constexpr std::array kWebhookDelays = {absl::Seconds(5),  absl::Seconds(30), absl::Minutes(2),
                                       absl::Minutes(10), absl::Hours(1),    absl::Hours(6),
                                       absl::Hours(24)};

// What storage keeps of a duration.
absl::Duration WholeMicroseconds(absl::Duration delay) {
  return absl::Floor(delay, absl::Microseconds(1));
}

// `delay` moved by up to `spread` of itself, either way.
absl::Duration Jittered(absl::Duration delay, double spread, double jitter) {
  return WholeMicroseconds(delay * (1 - spread + 2 * spread * jitter));
}

StateReason ReasonOf(StateReason rejection) {
  return rejection == StateReason::kNone ? StateReason::kFailed : rejection;
}

// Rejected is what no route would carry; undelivered is what this one could not.
MessageState StateOf(StateReason rejection) {
  switch (rejection) {
    case StateReason::kWrongRecipient:
    case StateReason::kForbidden:
    case StateReason::kNoFunds:
    case StateReason::kOptedOut: return MessageState::kRejected;
    default: return MessageState::kUndelivered;
  }
}

absl::Duration PauseAfter(const AttemptPolicy& policy, AttemptOutcome outcome,
                          int32_t attempts_made, std::optional<absl::Duration> retry_after,
                          double jitter) {
  const absl::Duration wish = retry_after.value_or(absl::ZeroDuration());
  // A throttling provider that names a time is not failing: its wish alone counts, spread upwards
  // so that not everything comes back at once.
  if (outcome == AttemptOutcome::kThrottled && retry_after) {
    return std::max(wish, WholeMicroseconds(wish * (1 + kRetrySpread * jitter)));
  }
  const absl::Duration wait =
      outcome == AttemptOutcome::kUnknown ? policy.unknown_wait : absl::ZeroDuration();
  return std::max({wish, wait, RetryDelay(policy.retry_interval, attempts_made, jitter)});
}

}  // namespace

absl::Duration RetryDelay(absl::Duration interval, int32_t attempt, double jitter) {
  absl::Duration delay = interval;
  for (int32_t i = 1; i < attempt && delay > absl::ZeroDuration() && delay < kRetryIntervalMax;
       ++i) {
    delay *= 2;
  }
  return std::min(Jittered(delay, kRetrySpread, jitter), kRetryIntervalMax);
}

std::optional<absl::Duration> WebhookRetryDelay(int32_t tries_made, double jitter) {
  if (tries_made < 1) return absl::ZeroDuration();
  const auto index = static_cast<size_t>(tries_made - 1);
  if (index >= kWebhookDelays.size()) return std::nullopt;
  return Jittered(kWebhookDelays[index], kWebhookSpread, jitter);
}

AfterAttempt Decide(const AttemptPolicy& policy, AttemptOutcome outcome, StateReason rejection,
                    int32_t attempts_made, std::optional<absl::Duration> retry_after, double jitter,
                    absl::Time now) {
  switch (outcome) {
    case AttemptOutcome::kAccepted:
      return {.state =
                  policy.accepted_is_delivered ? MessageState::kDelivered : MessageState::kSent};
    case AttemptOutcome::kRejected:
      return {.state = StateOf(rejection), .reason = ReasonOf(rejection)};
    case AttemptOutcome::kMisconfigured:
      return {.state = MessageState::kUndelivered, .reason = StateReason::kFailed};
    case AttemptOutcome::kOptedOut:
      return {.state = MessageState::kRejected, .reason = StateReason::kOptedOut};
    case AttemptOutcome::kUnknown:
      if (!policy.retry_unknown) {
        return {.state = MessageState::kUnknown, .reason = StateReason::kOutcomeUnknown};
      }
      break;
    case AttemptOutcome::kPassingFailure:
    case AttemptOutcome::kThrottled: break;
  }
  if (attempts_made >= policy.attempts_max) {
    return {.state = MessageState::kUndelivered, .reason = StateReason::kAttemptsExhausted};
  }
  return {
      .state = MessageState::kAccepted,
      .next_attempt_time = now + PauseAfter(policy, outcome, attempts_made, retry_after, jitter)};
}

}  // namespace campaigner::domain

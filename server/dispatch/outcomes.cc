#include "server/dispatch/outcomes.h"

#include <algorithm>
#include <utility>

#include "server/domain/retry.h"

namespace campaigner::dispatch {
namespace {

storage::OutcomeRecord Unsent(const storage::ClaimedMessage& message, absl::Time now) {
  storage::OutcomeRecord record;
  record.message_id = message.id;
  record.claim_id = message.claim_id;
  record.attempt.number = message.attempt_number;
  record.attempt.route_id = message.route_id;
  record.attempt.start_time = now;
  record.attempt.end_time = now;
  record.counts_as_attempt = false;
  record.was_attempted = false;
  return record;
}

}  // namespace

storage::OutcomeRecord AttemptMade(int64_t message_id, int64_t claim_id, domain::Attempt attempt,
                                   providers::SubmitOutcome outcome, const AttemptRules& rules) {
  storage::OutcomeRecord record;
  record.message_id = message_id;
  record.claim_id = claim_id;
  record.counts_as_attempt = outcome.outcome != domain::AttemptOutcome::kThrottled;
  const int32_t attempts_made =
      attempt.number - rules.attempt_base - (record.counts_as_attempt ? 0 : 1);
  const domain::AttemptPolicy policy{.attempts_max = rules.campaign.message_attempts,
                                     .retry_interval = rules.campaign.retry_interval,
                                     .retry_unknown = rules.retry_unknown,
                                     .unknown_wait = rules.unknown_wait,
                                     .accepted_is_delivered = rules.accepted_is_delivered};
  record.after = domain::Decide(policy, outcome.outcome, outcome.rejection, attempts_made,
                                outcome.retry_after, rules.jitter, rules.now);
  if (record.after.state == domain::MessageState::kAccepted) {
    const absl::Time last_moment = rules.now + std::max(rules.time_left, absl::ZeroDuration());
    record.after.next_attempt_time =
        std::min(record.after.next_attempt_time.value_or(rules.now), last_moment);
  }
  if (record.after.state == domain::MessageState::kSent) {
    record.status_deadline = rules.now + rules.campaign.status_timeout;
  }
  attempt.outcome = outcome.outcome;
  attempt.provider_message_id = std::move(outcome.provider_message_id);
  attempt.detail = std::move(outcome.detail);
  record.attempt = std::move(attempt);
  return record;
}

storage::OutcomeRecord GivenBack(const storage::ClaimedMessage& message, absl::Time now) {
  storage::OutcomeRecord record = Unsent(message, now);
  record.after.state = domain::MessageState::kAccepted;
  return record;
}

storage::OutcomeRecord Delayed(const storage::ClaimedMessage& message, absl::Time end,
                               std::optional<absl::Duration> waited, absl::Time now) {
  storage::OutcomeRecord record = Unsent(message, now);
  record.after.state = domain::MessageState::kAccepted;
  record.after.next_attempt_time = end;
  if (waited.has_value()) record.waited = std::max(*waited, absl::ZeroDuration());
  return record;
}

storage::OutcomeRecord RefusedUnsent(const storage::ClaimedMessage& message,
                                     domain::StateReason reason, absl::Time now) {
  storage::OutcomeRecord record = Unsent(message, now);
  record.after.state = domain::MessageState::kRejected;
  record.after.reason = reason;
  return record;
}

storage::OutcomeRecord ExpiredUnsent(const storage::ClaimedMessage& message, absl::Time now) {
  storage::OutcomeRecord record = Unsent(message, now);
  record.after.state = domain::MessageState::kExpired;
  record.after.reason = domain::StateReason::kSendingTimeout;
  return record;
}

}  // namespace campaigner::dispatch

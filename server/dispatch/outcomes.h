#pragma once

#include <optional>

#include "absl/time/time.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"
#include "server/providers/provider.h"
#include "server/storage/dispatch_store.h"

// What is written down about an attempt. Pure functions.
namespace campaigner::dispatch {

// What decides about an attempt, besides its outcome.
struct AttemptRules {
  const domain::Campaign& campaign;
  // The route's word on unknown outcomes.
  bool retry_unknown = true;
  // Attempts that do not count any more; see ClaimedMessage.
  int32_t attempt_base = 0;
  // Of the provider: see providers::Capabilities.
  absl::Duration unknown_wait = absl::ZeroDuration();
  // The provider sends no receipts.
  bool accepted_is_delivered = false;
  // What is left of the Sending Timeout, as the campaign's open clock runs.
  absl::Duration time_left;
  // In [0, 1).
  double jitter = 0;
  absl::Time now;
};

// An attempt that was made. `attempt` has number, route and times; outcome, id and detail are taken
// from `outcome`. A next attempt is due before the Sending Timeout ends at the latest, so that the
// end is seen in time.
storage::OutcomeRecord AttemptMade(int64_t message_id, int64_t claim_id, domain::Attempt attempt,
                                   providers::SubmitOutcome outcome, const AttemptRules& rules);

// A claimed message that no provider saw, and that is ready again at once.
storage::OutcomeRecord GivenBack(const storage::ClaimedMessage& message, absl::Time now);

// A claimed message that no provider saw, and that waits until `end` because of its recipient's
// quiet hours. `waited` is what it used of its Sending Timeout, where the wait does not count;
// nullopt: it counts.
storage::OutcomeRecord Delayed(const storage::ClaimedMessage& message, absl::Time end,
                               std::optional<absl::Duration> waited, absl::Time now);

// A claimed message that no provider saw, and that must not go: REJECTED for `reason`.
storage::OutcomeRecord RefusedUnsent(const storage::ClaimedMessage& message,
                                     domain::StateReason reason, absl::Time now);

// A claimed message that no provider saw, past its Sending Timeout.
storage::OutcomeRecord ExpiredUnsent(const storage::ClaimedMessage& message, absl::Time now);

}  // namespace campaigner::dispatch

#pragma once

#include "absl/time/time.h"
#include "server/dispatch/metrics.h"
#include "server/domain/message.h"

namespace campaigner::dispatch {

// Keeps messages from a provider that does not work, so that they neither use up their attempts nor
// wait in its timeouts. One per provider. Not thread-safe.
//
// Closed: all pass. After kFailuresMax passing failures or unknown outcomes in a row, or at once
// when the provider says that we are misconfigured: open for a while, in which none passes. Then
// half-open: one message passes; its outcome closes the breaker, or opens it for twice as long.
class Breaker {
 public:
  // More than one bad batch of a provider that takes single messages; few beside what a busy route
  // loses in a second.
  static constexpr int kFailuresMax = 20;
  static constexpr absl::Duration kOpenMin = absl::Seconds(1);
  static constexpr absl::Duration kOpenMax = absl::Seconds(60);
  // Somebody has to mend the configuration: each try costs a message.
  static constexpr absl::Duration kMisconfiguredMin = absl::Seconds(30);
  static constexpr absl::Duration kMisconfiguredMax = absl::Minutes(10);

  // How many messages may go at `now`: none, one, or any number (INT_MAX).
  int Allowance(absl::Time now);
  // A message went. In half-open, it is the probe.
  void OnSubmit();
  void OnOutcome(domain::AttemptOutcome outcome, absl::Time now);

  BreakerState state() const { return state_; }
  // While open: when it will be half-open.
  absl::Time open_until() const { return open_until_; }

 private:
  void Open(absl::Duration shortest, absl::Duration longest, absl::Time now);

  BreakerState state_ = BreakerState::kClosed;
  int failures_ = 0;
  bool is_probing_ = false;
  absl::Duration period_ = absl::ZeroDuration();
  absl::Time open_until_ = absl::InfinitePast();
};

}  // namespace campaigner::dispatch

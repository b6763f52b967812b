#include "server/dispatch/breaker.h"

#include <algorithm>
#include <limits>

namespace campaigner::dispatch {

int Breaker::Allowance(absl::Time now) {
  if (state_ == BreakerState::kOpen && now >= open_until_) {
    state_ = BreakerState::kHalfOpen;
    is_probing_ = false;
  }
  switch (state_) {
    case BreakerState::kClosed: return std::numeric_limits<int>::max();
    case BreakerState::kHalfOpen: return is_probing_ ? 0 : 1;
    case BreakerState::kOpen: return 0;
  }
  return 0;
}

void Breaker::OnSubmit() {
  if (state_ == BreakerState::kHalfOpen) is_probing_ = true;
}

void Breaker::OnOutcome(domain::AttemptOutcome outcome, absl::Time now) {
  // Answers to what went before it opened say nothing new.
  if (state_ == BreakerState::kOpen) return;
  switch (outcome) {
    case domain::AttemptOutcome::kAccepted:
    case domain::AttemptOutcome::kRejected:
    case domain::AttemptOutcome::kOptedOut:
    case domain::AttemptOutcome::kThrottled:
      state_ = BreakerState::kClosed;
      failures_ = 0;
      period_ = absl::ZeroDuration();
      return;
    case domain::AttemptOutcome::kPassingFailure:
    case domain::AttemptOutcome::kUnknown:
      if (state_ == BreakerState::kHalfOpen || ++failures_ >= kFailuresMax) {
        Open(kOpenMin, kOpenMax, now);
      }
      return;
    case domain::AttemptOutcome::kMisconfigured:
      Open(kMisconfiguredMin, kMisconfiguredMax, now);
      return;
  }
}

void Breaker::Open(absl::Duration shortest, absl::Duration longest, absl::Time now) {
  period_ = std::clamp(period_ * 2, shortest, longest);
  state_ = BreakerState::kOpen;
  open_until_ = now + period_;
  failures_ = 0;
  is_probing_ = false;
}

}  // namespace campaigner::dispatch

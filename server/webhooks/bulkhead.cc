#include "server/webhooks/bulkhead.h"

#include <algorithm>

namespace campaigner::webhooks {

void Bulkhead::End(ReceiverHealth health, absl::Duration elapsed, absl::Time now) {
  --in_flight_;
  switch (health) {
    case ReceiverHealth::kAnswers: return Succeed(elapsed);
    case ReceiverHealth::kFails:
    case ReceiverHealth::kDead: return Fail(now);
    case ReceiverHealth::kNotAsked: return;
  }
}

void Bulkhead::Succeed(absl::Duration elapsed) {
  failures_ = 0;
  paused_until_ = absl::InfinitePast();
  is_quick_ = elapsed <= limits_.quick;
  const int towards = is_quick_ ? limits_.max : limits_.steady;
  if (limit_ < towards) ++limit_;
  if (limit_ > towards) --limit_;
}

void Bulkhead::Fail(absl::Time now) {
  is_quick_ = false;
  limit_ = std::max(1, limit_ / 2);
  // The rest of a volley that fails together says nothing new.
  if (now < paused_until_) return;
  ++failures_;
  if (!is_failing()) return;
  absl::Duration pause = limits_.pause;
  for (int i = kFailuresBeforePause; i < failures_ && pause < limits_.pause_max; ++i) pause *= 2;
  paused_until_ = now + std::min(pause, limits_.pause_max);
}

}  // namespace campaigner::webhooks

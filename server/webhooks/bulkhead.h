#pragma once

#include "absl/time/time.h"
#include "server/webhooks/attempt.h"

namespace campaigner::webhooks {

struct BulkheadLimits {
  // Exchanges under way at once: of a newcomer, of one that answers slowly, of one that answers
  // quickly.
  int start = 4;
  int steady = 8;
  int max = 64;
  // An answer within this time is quick.
  absl::Duration quick = absl::Seconds(1);
  // Pause after the third failure in a row; it doubles with each further one.
  absl::Duration pause = absl::Seconds(1);
  absl::Duration pause_max = absl::Seconds(30);
};

// How much of us one receiver may occupy: a plain value, without a clock or threads of its own.
// Each quick answer opens a place more, each failure closes half of them; a receiver that keeps
// failing is asked by one exchange after a pause, at growing intervals.
class Bulkhead {
 public:
  explicit Bulkhead(BulkheadLimits limits) : limits_(limits), limit_(limits.start) {}

  int in_flight() const { return in_flight_; }
  int limit() const { return limit_; }
  bool HasPlace() const { return in_flight_ < limit_; }
  // Nothing is begun before.
  absl::Time paused_until() const { return paused_until_; }
  // It answered quickly the last time it was asked.
  bool is_quick() const { return is_quick_; }
  // It failed at least three times in a row.
  bool is_failing() const { return failures_ >= kFailuresBeforePause; }

  void Begin() { ++in_flight_; }
  void End(ReceiverHealth health, absl::Duration elapsed, absl::Time now);

 private:
  static constexpr int kFailuresBeforePause = 3;

  void Succeed(absl::Duration elapsed);
  void Fail(absl::Time now);

  BulkheadLimits limits_;
  int in_flight_ = 0;
  int limit_;
  int failures_ = 0;
  bool is_quick_ = false;
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace campaigner::webhooks

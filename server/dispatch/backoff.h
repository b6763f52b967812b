#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace campaigner::dispatch {

// Pauses between tries at a store that refuses: doubling, from a tenth of a second to five.
class Backoff {
 public:
  void Failed(absl::Time now) {
    pause_ = std::clamp(pause_ * 2, absl::Milliseconds(100), absl::Seconds(5));
    until_ = now + pause_;
  }
  void Succeeded() {
    pause_ = absl::ZeroDuration();
    until_ = absl::InfinitePast();
  }
  bool is_failing() const { return pause_ > absl::ZeroDuration(); }
  // When the next try is due; InfinitePast while all is well.
  absl::Time until() const { return until_; }

 private:
  absl::Duration pause_ = absl::ZeroDuration();
  absl::Time until_ = absl::InfinitePast();
};

}  // namespace campaigner::dispatch

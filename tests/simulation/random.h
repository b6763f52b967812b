#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace campaigner::simulation {

// The only source of chance in a simulated world: one seed, one history. Not std's distributions,
// whose results the standard leaves open.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Both ends included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  absl::Duration Between(absl::Duration low, absl::Duration high) {
    return absl::Microseconds(
        Between(absl::ToInt64Microseconds(low), absl::ToInt64Microseconds(high)));
  }
  bool Percent(int percent) { return Between(1, 100) <= percent; }
  uint64_t Seed() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace campaigner::simulation

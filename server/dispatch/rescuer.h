#pragma once

#include <cstdint>
#include <random>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/dispatcher.h"

namespace campaigner::dispatch {

// Takes back what a dead owner left: a message whose claim has lapsed may have gone out or not, so
// its attempt counts as unknown, and its route's rule decides. Blocks on the store. Not
// thread-safe.
class Rescuer {
 public:
  Rescuer(DispatchContext context, uint64_t seed) : context_(context), random_(seed) {}

  // Rescues some; true: there may be more. The store's errors.
  absl::StatusOr<bool> Step(absl::Time now);

 private:
  absl::StatusOr<storage::OutcomeRecord> Decide(const storage::ClaimedMessage& message,
                                                absl::Time now);

  const DispatchContext context_;
  std::mt19937_64 random_;
};

}  // namespace campaigner::dispatch

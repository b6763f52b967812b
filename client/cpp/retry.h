#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/options.h"

namespace campaigner::client {

// Pause after failed attempt number `attempt` (1 is the first): backoff_initial doubled with each
// further one up to backoff_max, +-20 % by `jitter` in [0, 1); no less than what the error itself
// asks for.
absl::Duration Backoff(const RetryPolicy& policy, int attempt, double jitter,
                       const absl::Status& error);

// Calls `attempt` with the deadline of the whole call, until it answers something other than
// UNAVAILABLE, its attempts are used up, or a further one would come after the deadline. Answers
// the last status.
absl::Status CallWithRetry(const RetryPolicy& policy, absl::Duration timeout,
                           absl::FunctionRef<absl::Status(absl::Time deadline)> attempt);

// A random UUID (version 4): what names a request for its repeats.
std::string MakeRequestId();

}  // namespace campaigner::client

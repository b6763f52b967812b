#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/operation.h"

namespace campaigner::operations {

// The work of one operation that is RUNNING. What it has done is on disk, with the operation's
// checkpoint: a job may be dropped at any moment, and another one goes on from there.
// For the runner's thread.
class Job {
 public:
  virtual ~Job() = default;

  struct Turn {
    enum class Next : uint8_t {
      kAtOnce,  // There is more to do.
      kLater,   // At `time`, or when it is woken.
      kNever,   // The operation has ended, on disk.
    };
    Next next = Next::kAtOnce;
    absl::Time time = absl::InfiniteFuture();
  };

  // Does a little of the work, so that others get their turns: some ten milliseconds. May block on
  // the store for one short write. An error that passes (UNAVAILABLE, ABORTED) drops the job, and
  // another is made after a pause; any other ends the operation as FAILED with this error.
  virtual absl::StatusOr<Turn> TakeTurn() = 0;
};

// Gives the job its next turn. Thread-safe, and harmless when the job is gone.
using Wake = std::function<void()>;

// Makes the job of an operation as it stands in the store. Errors as TakeTurn's.
using MakeJob = std::function<absl::StatusOr<std::unique_ptr<Job>>(
    const domain::Operation& operation, Wake wake)>;

}  // namespace campaigner::operations

#include "server/operations/erase_job.h"

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"

namespace campaigner::operations {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(200);
// Longer than a provider is waited for, and than a dead server's claims hold.
const absl::Duration kPatience = base::limits::kClaimLease * 5;

}  // namespace

EraseJob::EraseJob(storage::Store& store, const base::Clock& clock,
                   const domain::Operation& operation)
    : store_(store),
      clock_(clock),
      operation_id_(operation.id),
      account_id_(operation.account_id),
      recipient_(operation.checkpoint),
      steps_(operation.steps),
      done_(operation.done_units) {}

absl::StatusOr<std::unique_ptr<Job>> EraseJob::Make(storage::Store& store, const base::Clock& clock,
                                                    const domain::Operation& operation) {
  return std::unique_ptr<Job>(new EraseJob(store, clock, operation));
}

absl::StatusOr<Job::Turn> EraseJob::TakeTurn() { return recipient_.empty() ? EmptyLog() : Erase(); }

absl::Status EraseJob::Advance(const std::string& checkpoint, int32_t messages, bool is_last) {
  RETURN_IF_ERROR(store_.AdvanceOperation({.operation_id = operation_id_,
                                           .number = steps_,
                                           .checkpoint = checkpoint,
                                           .done_units = done_ + messages,
                                           .total_units = is_last ? done_ + messages : 0,
                                           .messages = messages,
                                           .is_last = is_last},
                                          clock_.Now()));
  ++steps_;
  done_ += messages;
  return absl::OkStatus();
}

Job::Turn EraseJob::Later() const {
  return {.next = Turn::Next::kLater, .time = clock_.Now() + kPause};
}

absl::StatusOr<Job::Turn> EraseJob::Erase() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(
      const storage::EraseStep step,
      store_.EraseRecipient(account_id_, recipient_, now, base::limits::kMaintenanceRowsMax));
  const bool is_waiting = step.sending > 0 && !step.more;
  if (step.erased > 0 || !is_waiting) waits_since_ = now;
  waits_since_ = std::min(waits_since_, now);
  if (is_waiting && now - waits_since_ >= kPatience) {
    RETURN_IF_ERROR(Advance("", step.erased, /*is_last=*/false));
    return domain::errors::EraseIncomplete(step.sending);
  }
  const bool is_erased = step.sending == 0 && !step.more;
  if (step.erased > 0 || is_erased) {
    RETURN_IF_ERROR(Advance(is_erased ? "" : recipient_, step.erased, /*is_last=*/false));
  }
  if (is_erased) recipient_.clear();
  return is_waiting ? Later() : Turn{};
}

absl::StatusOr<Job::Turn> EraseJob::EmptyLog() {
  ASSIGN_OR_RETURN(const bool is_empty, store_.EmptyLog());
  if (!is_empty) return Later();
  RETURN_IF_ERROR(Advance("", 0, /*is_last=*/true));
  return Turn{.next = Turn::Next::kNever};
}

}  // namespace campaigner::operations

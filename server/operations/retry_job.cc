#include "server/operations/retry_job.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"

namespace campaigner::operations {
namespace {

template <typename T>
std::string WriteNumbers(const std::vector<T>& values) {
  return absl::StrJoin(values, ",", [](std::string* text, T value) {
    absl::StrAppend(text, static_cast<int>(value));
  });
}

template <typename T>
std::vector<T> ReadNumbers(absl::string_view text) {
  std::vector<T> values;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    int value = 0;
    if (absl::SimpleAtoi(part, &value)) values.push_back(static_cast<T>(value));
  }
  return values;
}

}  // namespace

// "8,10;1": states, then reasons.
std::string WriteRetryRequest(const storage::RetryFilter& filter) {
  return WriteNumbers(filter.states) + ";" + WriteNumbers(filter.reasons);
}

RetryJob::RetryJob(storage::Store& store, const base::Clock& clock,
                   const domain::Operation& operation)
    : store_(store),
      clock_(clock),
      operation_id_(operation.id),
      campaign_id_(operation.campaign_id),
      after_id_(std::strtoll(operation.checkpoint.c_str(), nullptr, 10)),
      steps_(operation.steps),
      done_(operation.done_units),
      total_(operation.total_units) {
  const std::vector<std::string> parts = absl::StrSplit(operation.request, ';');
  filter_.states = ReadNumbers<domain::MessageState>(parts[0]);
  if (parts.size() > 1) filter_.reasons = ReadNumbers<domain::StateReason>(parts[1]);
}

absl::StatusOr<std::unique_ptr<Job>> RetryJob::Make(storage::Store& store, const base::Clock& clock,
                                                    const domain::Operation& operation) {
  std::unique_ptr<RetryJob> job(new RetryJob(store, clock, operation));
  // Without states it would be all that is final.
  if (job->filter_.states.empty()) return domain::errors::Internal("a retry without states");
  return job;
}

absl::StatusOr<Job::Turn> RetryJob::TakeTurn() {
  ASSIGN_OR_RETURN(const storage::RetryStep step,
                   store_.RetryFailed(campaign_id_, filter_, after_id_, clock_.Now(),
                                      base::limits::kMaintenanceRowsMax));
  const bool is_last = step.next_after_id == 0;
  const int64_t done = done_ + step.retried;
  RETURN_IF_ERROR(store_.AdvanceOperation({.operation_id = operation_id_,
                                           .number = steps_,
                                           .checkpoint = std::to_string(step.next_after_id),
                                           .done_units = done,
                                           .total_units = is_last ? done : std::max(total_, done),
                                           .messages = step.retried,
                                           .is_last = is_last},
                                          clock_.Now()));
  ++steps_;
  done_ = done;
  after_id_ = step.next_after_id;
  return Turn{.next = is_last ? Turn::Next::kNever : Turn::Next::kAtOnce};
}

}  // namespace campaigner::operations

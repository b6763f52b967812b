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

RetryJob::RetryJob(const RetryContext& context, const domain::Operation& operation)
    : context_(context),
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

absl::StatusOr<std::unique_ptr<Job>> RetryJob::Make(const RetryContext& context,
                                                    const domain::Operation& operation) {
  std::unique_ptr<RetryJob> job(new RetryJob(context, operation));
  // Without states it would be all that is final.
  if (job->filter_.states.empty()) return domain::errors::Internal("a retry without states");
  return job;
}

absl::StatusOr<std::vector<storage::MessageAgain>> RetryJob::PickRoutes(
    const std::vector<storage::FailedMessage>& failed) const {
  std::vector<storage::MessageAgain> again;
  if (failed.empty()) return again;
  ASSIGN_OR_RETURN(const auto campaign, context_.store.GetCampaign(campaign_id_));
  for (const storage::FailedMessage& message : failed) {
    const auto route = context_.pick_route(campaign->channel, message.recipient);
    if (!route.has_value()) continue;
    again.push_back({.id = message.id,
                     .route_id = route->id,
                     .cost_micros = route->price_micros * message.segments});
  }
  return again;
}

absl::StatusOr<Job::Turn> RetryJob::TakeTurn() {
  ASSIGN_OR_RETURN(const storage::FailedMessages failed,
                   context_.store.FindFailed(campaign_id_, filter_, after_id_,
                                             base::limits::kMaintenanceRowsMax));
  ASSIGN_OR_RETURN(const std::vector<storage::MessageAgain> again, PickRoutes(failed.messages));
  const bool is_last = failed.next_after_id == 0;
  const int64_t done = done_ + static_cast<int64_t>(again.size());
  ASSIGN_OR_RETURN(const int32_t retried,
                   context_.store.SendAgain({.operation_id = operation_id_,
                                             .number = steps_,
                                             .checkpoint = std::to_string(failed.next_after_id),
                                             .done_units = done,
                                             .total_units = is_last ? done : std::max(total_, done),
                                             .is_last = is_last},
                                            filter_, again, context_.clock.Now()));
  ++steps_;
  done_ += retried;
  after_id_ = failed.next_after_id;
  return Turn{.next = is_last ? Turn::Next::kNever : Turn::Next::kAtOnce};
}

}  // namespace campaigner::operations

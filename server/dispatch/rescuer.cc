#include "server/dispatch/rescuer.h"

#include <future>
#include <utility>
#include <vector>

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/dispatch/outcomes.h"

namespace campaigner::dispatch {

absl::StatusOr<bool> Rescuer::Step(absl::Time now) {
  constexpr int32_t kRowsMax = base::limits::kMaintenanceRowsMax;
  ASSIGN_OR_RETURN(const std::vector<storage::ClaimedMessage> lapsed,
                   context_.store.ListLapsedClaims(now, kRowsMax));
  if (lapsed.empty()) return false;
  std::vector<storage::OutcomeRecord> records;
  for (const storage::ClaimedMessage& message : lapsed) {
    ASSIGN_OR_RETURN(storage::OutcomeRecord record, Decide(message, now));
    records.push_back(std::move(record));
  }
  const auto count = static_cast<int64_t>(records.size());
  std::promise<absl::Status> stored;
  context_.store.RecordOutcomes(std::move(records), now,
                                [&](absl::Status status) { stored.set_value(std::move(status)); });
  RETURN_IF_ERROR(stored.get_future().get());
  context_.metrics.rescued += count;
  context_.metrics.unknown_outcomes += count;
  base::LogWarning("messages_rescued", {{"messages", count}});
  return count == kRowsMax;
}

absl::StatusOr<storage::OutcomeRecord> Rescuer::Decide(const storage::ClaimedMessage& message,
                                                       absl::Time now) {
  ASSIGN_OR_RETURN(const auto campaign, context_.store.GetCampaign(message.campaign_id));
  ASSIGN_OR_RETURN(const absl::Duration open_time,
                   context_.store.GetOpenTime(message.campaign_id, now));
  const Route* route = context_.routes.Find(message.route_id);
  const AttemptRules rules{
      .campaign = *campaign,
      .retry_unknown = route == nullptr || route->options.retry_unknown,
      .attempt_base = message.attempt_base,
      .unknown_wait = route == nullptr ? absl::ZeroDuration()
                                       : route->options.provider->capabilities().unknown_wait,
      .time_left = campaign->sending_timeout - (open_time - message.eligible_open_time),
      .jitter = std::uniform_real_distribution<double>(0, 1)(random_),
      .now = now};
  domain::Attempt attempt;
  attempt.number = message.attempt_number;
  attempt.route_id = message.route_id;
  attempt.start_time = now;
  attempt.end_time = now;
  providers::SubmitOutcome outcome;
  outcome.outcome = domain::AttemptOutcome::kUnknown;
  outcome.detail = "the server stopped before the provider's answer was stored";
  return AttemptMade(message.id, message.claim_id, std::move(attempt), std::move(outcome), rules);
}

}  // namespace campaigner::dispatch

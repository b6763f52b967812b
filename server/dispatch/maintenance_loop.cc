#include "server/dispatch/maintenance_loop.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace campaigner::dispatch {
namespace {

constexpr int32_t kRowsMax = base::limits::kMaintenanceRowsMax;
// A duty that failed is tried again after.
constexpr absl::Duration kFailedPause = absl::Seconds(1);

}  // namespace

MaintenanceLoop::MaintenanceLoop(MaintenanceOptions options, DispatchContext context)
    : options_(std::move(options)),
      context_(context),
      keeper_(context.store, options_),
      rescuer_(context, options_.seed),
      duties_{{{"renew_leases", &MaintenanceLoop::RenewLeases},
               {"rescue", &MaintenanceLoop::Rescue},
               {"promote", &MaintenanceLoop::Promote},
               {"expire_statuses", &MaintenanceLoop::ExpireStatuses},
               {"reroute", &MaintenanceLoop::Reroute},
               {"prune", &MaintenanceLoop::Prune}}} {
  for (const Route& route : context.routes.routes()) {
    known_routes_.push_back({route.id, route.options.channel});
  }
}

absl::Status MaintenanceLoop::Start() {
  RETURN_IF_ERROR(context_.store.LapseOtherClaims(options_.owner, context_.clock.Now()));
  return keeper_.Load();
}

absl::Time MaintenanceLoop::RunOnce(const std::set<int64_t>& changed_campaigns) {
  for (int64_t campaign_id : changed_campaigns) keeper_.OnChanged(campaign_id);
  const absl::Time now = context_.clock.Now();
  absl::Time next = keeper_.Step(now);
  for (Duty& duty : duties_) {
    if (duty.due <= now) Perform(duty, now);
    next = std::min(next, duty.due);
  }
  return next;
}

void MaintenanceLoop::Perform(Duty& duty, absl::Time now) {
  const absl::StatusOr<absl::Time> next = (this->*duty.perform)(now);
  if (!next.ok() && !duty.is_failing) {
    base::LogError("maintenance_failed",
                   {{"duty", duty.name}, {"status", next.status().ToString()}});
  }
  duty.is_failing = !next.ok();
  duty.due = next.ok() ? *next : now + kFailedPause;
}

absl::StatusOr<absl::Time> MaintenanceLoop::RenewLeases(absl::Time now) {
  RETURN_IF_ERROR(context_.store.RenewLeases(options_.owner, now + options_.claim_lease));
  return now + options_.claim_lease / 3;
}

absl::StatusOr<absl::Time> MaintenanceLoop::Promote(absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<absl::Time> next, context_.store.NextPromotion());
  if (next.has_value() && *next <= now) {
    ASSIGN_OR_RETURN(const storage::StepResult step, context_.store.PromoteDue(now, kRowsMax));
    if (step.more) return now;
    ASSIGN_OR_RETURN(next, context_.store.NextPromotion());
  }
  return std::min(next.value_or(absl::InfiniteFuture()), now + options_.poll_interval);
}

absl::StatusOr<absl::Time> MaintenanceLoop::ExpireStatuses(absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<absl::Time> next, context_.store.NextStatusDeadline());
  if (next.has_value() && *next <= now) {
    ASSIGN_OR_RETURN(const storage::StepResult step, context_.store.ExpireStatuses(now, kRowsMax));
    if (step.more) return now;
    ASSIGN_OR_RETURN(next, context_.store.NextStatusDeadline());
  }
  return std::min(next.value_or(absl::InfiniteFuture()), now + options_.poll_interval);
}

absl::StatusOr<absl::Time> MaintenanceLoop::Rescue(absl::Time now) {
  if (duties_.front().is_failing) return now + options_.sweep_interval;
  ASSIGN_OR_RETURN(const bool has_more, rescuer_.Step(now));
  return has_more ? now : now + options_.sweep_interval;
}

absl::StatusOr<absl::Time> MaintenanceLoop::Reroute(absl::Time now) {
  ASSIGN_OR_RETURN(
      const storage::StepResult step,
      context_.store.RerouteStray(known_routes_, context_.routes.Picker(), now, kRowsMax));
  if (step.rows > 0) base::LogWarning("messages_rerouted", {{"messages", step.rows}});
  return step.more ? now : now + options_.sweep_interval;
}

absl::StatusOr<absl::Time> MaintenanceLoop::Prune(absl::Time now) {
  ASSIGN_OR_RETURN(const storage::StepResult step,
                   context_.store.Prune(now - options_.retention, now, kRowsMax));
  context_.metrics.pruned += step.rows;
  return now + (step.more ? kPrunePause : options_.prune_interval);
}

}  // namespace campaigner::dispatch

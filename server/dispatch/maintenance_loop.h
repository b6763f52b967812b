#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/campaign_keeper.h"
#include "server/dispatch/maintenance.h"
#include "server/dispatch/rescuer.h"

namespace campaigner::dispatch {

// What Maintenance's thread does, without the thread: small duties, each with the time at which it
// is due again. Blocks on the store. Not thread-safe.
class MaintenanceLoop {
 public:
  MaintenanceLoop(MaintenanceOptions options, DispatchContext context);

  absl::Status Start();
  // Does one step of each duty that is due; answers when the first is due again.
  absl::Time RunOnce(const std::set<int64_t>& changed_campaigns);

 private:
  // Between two steps of pruning, so that sends get through.
  static constexpr absl::Duration kPrunePause = absl::Milliseconds(50);

  // Each answers when it is due again, or the store's error.
  absl::StatusOr<absl::Time> RenewLeases(absl::Time now);
  absl::StatusOr<absl::Time> Promote(absl::Time now);
  absl::StatusOr<absl::Time> ExpireStatuses(absl::Time now);
  absl::StatusOr<absl::Time> Rescue(absl::Time now);
  // Messages of routes that are gone: the configuration may have changed, and what was under way
  // then comes back later.
  absl::StatusOr<absl::Time> Reroute(absl::Time now);
  absl::StatusOr<absl::Time> Prune(absl::Time now);

  struct Duty {
    const char* name;
    absl::StatusOr<absl::Time> (MaintenanceLoop::*perform)(absl::Time now);
    absl::Time due = absl::InfinitePast();
    bool is_failing = false;
  };
  void Perform(Duty& duty, absl::Time now);

  const MaintenanceOptions options_;
  const DispatchContext context_;
  CampaignKeeper keeper_;
  Rescuer rescuer_;
  // The leases first: who cannot renew must not rescue, or it would take its own messages.
  std::array<Duty, 6> duties_;
  std::vector<storage::DispatchStore::KnownRoute> known_routes_;
};

}  // namespace campaigner::dispatch

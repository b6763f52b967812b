#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/maintenance.h"
#include "server/domain/campaign.h"
#include "server/storage/store.h"

namespace campaigner::dispatch {

// What time does to campaigns: starts and finishes them, also when all is sent, runs and stops
// their open clocks, expires what has waited too long, and ends the messages of those that are
// finished or cancelled. Blocks on the store. Not thread-safe.
class CampaignKeeper {
 public:
  // Both must outlive it.
  CampaignKeeper(storage::Store& store, const MaintenanceOptions& options)
      : store_(store), options_(options) {}

  // Takes up every campaign that may have something to do, cancelled ones included: a crash may
  // have left their messages waiting.
  absl::Status Load();

  // The campaign was made or changed: Step will look at it.
  void OnChanged(int64_t campaign_id) { campaigns_[campaign_id] = {}; }

  // One step for each campaign that is due; answers when the first is due again. Errors are logged
  // and the campaign is tried again later.
  absl::Time Step(absl::Time now);

 private:
  using CampaignPtr = std::shared_ptr<const domain::Campaign>;
  struct Kept {
    absl::Time due = absl::InfinitePast();
    absl::Time expire_due = absl::InfinitePast();
    // What the store was told last; a change of the campaign makes us say it again.
    bool is_told = false;
    bool is_open = false;
    bool is_failing = false;
  };
  struct OpenMessages {
    int64_t accepted = 0;
    int64_t sending = 0;
    int64_t all = 0;
    // Final ones included.
    int64_t ever = 0;
  };

  absl::Status LoadCancelled();
  absl::Status LoadCancelled(int64_t account_id);

  // When it is due again; InfiniteFuture: forget it until it changes.
  absl::StatusOr<absl::Time> Look(int64_t campaign_id, Kept& kept, absl::Time now);
  absl::StatusOr<absl::Time> KeepRunning(const domain::Campaign& campaign, Kept& kept,
                                         absl::Time now);
  absl::StatusOr<absl::Time> ExpireReady(const domain::Campaign& campaign, absl::Time now);
  absl::StatusOr<bool> FinishIfSent(const domain::Campaign& campaign, absl::Time now);
  absl::StatusOr<absl::Time> Finish(const domain::Campaign& campaign, absl::Time now);
  absl::StatusOr<absl::Time> Cancel(const domain::Campaign& campaign, absl::Time now);
  absl::StatusOr<OpenMessages> CountOpen(int64_t campaign_id);

  storage::Store& store_;
  const MaintenanceOptions& options_;
  std::map<int64_t, Kept> campaigns_;
};

}  // namespace campaigner::dispatch

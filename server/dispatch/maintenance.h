#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/thread_annotations.h"
#include "server/dispatch/dispatcher.h"
#include "server/storage/store.h"

namespace campaigner::dispatch {

struct MaintenanceOptions {
  // As the Dispatcher's.
  std::string owner;
  absl::Duration claim_lease = base::limits::kClaimLease;
  // Final messages older than this are deleted.
  absl::Duration retention = absl::Hours(24 * 90);
  absl::Duration prune_interval = absl::Hours(1);
  // How often the store is asked what is due, besides the moments that are known. What becomes due
  // sooner than that after being written may be late by as much.
  absl::Duration poll_interval = absl::Seconds(1);
  // How often each running campaign is searched for messages past their Sending Timeout, and the
  // store for lapsed claims and messages of routes that are gone.
  absl::Duration sweep_interval = absl::Seconds(5);
  // Of the retries' jitter.
  uint64_t seed = 0;
  // False: no thread is started; the owner calls RunOnce.
  bool own_thread = true;
};

class MaintenanceLoop;

// What time does to messages and campaigns: waiting messages become ready, campaigns start and
// finish, their open clocks run and stand still, timeouts expire, the messages of cancelled and
// finished campaigns end, claims are renewed and lapsed ones rescued, messages of routes that are
// gone move to others, and what is old is deleted. All in small steps, so that no step holds up a
// send.
//
// One thread, which blocks on the store. OnCampaignChanged is thread-safe; the rest is the owner's.
class Maintenance final : public storage::StoreObserver {
 public:
  Maintenance(MaintenanceOptions options, DispatchContext context);
  ~Maintenance() override;

  // Lets claims of former owners lapse, and takes up what was left half done (blocks). Call after
  // store.AddObserver(this) and before Dispatcher::Start. The store's errors.
  absl::Status Start();

  // Does what is due (blocks); answers when it wants to be called again at the latest.
  absl::Time RunOnce() EXCLUDES(mutex_);

  // May be called twice.
  void Stop();

  // A campaign changed since the last RunOnce began. For owners without own_thread.
  bool HasWork() const EXCLUDES(mutex_);

  void OnCampaignChanged(int64_t campaign_id) override EXCLUDES(mutex_);

 private:
  void Run();

  const MaintenanceOptions options_;
  base::Clock& clock_;
  std::unique_ptr<MaintenanceLoop> loop_;
  base::WakeSignal wake_;
  mutable base::Mutex mutex_;
  std::set<int64_t> changed_campaigns_ GUARDED_BY(mutex_);
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace campaigner::dispatch

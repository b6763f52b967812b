#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/thread_annotations.h"
#include "server/dispatch/outlook.h"
#include "server/services/account_places.h"
#include "server/storage/store.h"

namespace campaigner::services {

// Somebody who watches a campaign's progress. Called on the hub's thread.
class ProgressWatcher {
 public:
  virtual ~ProgressWatcher() = default;
  // At first, and then when something changed. `is_over`: nothing will change any more.
  virtual void OnProgress(const v1::CampaignProgress& progress, bool is_over) = 0;
  // The campaign is gone, or cannot be read. Nothing comes after it.
  virtual void OnLost(absl::Status status) = 0;
};

// Looks at watched campaigns twice a second, each once for all its watchers: one thread, which
// sleeps while nobody watches. Thread-safe.
class ProgressHub {
 public:
  // All must outlive it.
  ProgressHub(storage::Store& store, const dispatch::OutlookBoard& outlook, base::Clock& clock,
              const std::string& currency)
      : store_(store), outlook_(outlook), clock_(clock), currency_(currency) {}
  ~ProgressHub();

  void Start();
  // May be called twice.
  void Stop();

  // False when there are limits::kWatchersMax already, or a quarter of them are the account's.
  bool Add(std::shared_ptr<ProgressWatcher> watcher, int64_t account_id, int64_t campaign_id)
      EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<ProgressWatcher>& watcher, int64_t account_id,
              int64_t campaign_id) EXCLUDES(mutex_);

 private:
  // How many messages had left at a time: for a provider, or for good.
  struct Sample {
    absl::Time time;
    int64_t left = 0;
  };
  struct Watched {
    std::vector<std::shared_ptr<ProgressWatcher>> watchers;
    // Those who have been told nothing yet.
    std::vector<std::shared_ptr<ProgressWatcher>> new_watchers;
    // Over the last seconds, oldest first.
    std::deque<Sample> samples;
    // What was told last, without the time that it was told at.
    std::string told;
  };

  void Run();
  std::vector<int64_t> WatchedCampaigns() EXCLUDES(mutex_);
  void Look(int64_t campaign_id, absl::Time now) EXCLUDES(mutex_);
  absl::StatusOr<v1::CampaignProgress> Read(int64_t campaign_id, absl::Time now);
  void AddRate(Watched& watched, absl::Time now, v1::CampaignProgress& progress) REQUIRES(mutex_);

  storage::Store& store_;
  const dispatch::OutlookBoard& outlook_;
  base::Clock& clock_;
  const std::string& currency_;
  base::WakeSignal wake_;
  base::Mutex mutex_;
  absl::flat_hash_map<int64_t, Watched> campaigns_ GUARDED_BY(mutex_);
  AccountPlaces places_{base::limits::kWatchersMax};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace campaigner::services

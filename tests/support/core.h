#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/maintenance.h"
#include "server/net/http_client.h"
#include "server/storage/store.h"
#include "server/webhooks/sender.h"

namespace campaigner::testing {

struct CoreOptions {
  // The database file; it may be there already.
  std::string path;
  std::vector<dispatch::RouteOptions> routes;
  // Unique per core on a file.
  std::string owner = "core-1";
  dispatch::DispatcherOptions dispatcher;
  dispatch::MaintenanceOptions maintenance;
  // Webhooks go out through it. Null: nobody sends them.
  net::HttpClient* http = nullptr;
  // Where the dispatcher leaves its hints. May be null.
  dispatch::OutlookBoard* outlook = nullptr;
  // Also told of what the store does. May be null.
  storage::StoreObserver* observer = nullptr;
};

// Knows whether the store is in the midst of a group. The store's last observer: when a group has
// ended for it, everybody else has been told. Thread-safe.
class GroupWatch final : public storage::StoreObserver {
 public:
  // Called as each group begins.
  bool WantsMessageChanges() override EXCLUDES(mutex_);
  void OnCommit(const storage::CommitReport& report) override EXCLUDES(mutex_);
  // Waits until no group is under way.
  void AwaitEnd() EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  std::condition_variable_any ended_;
  bool is_under_way_ GUARDED_BY(mutex_) = false;
};

// The whole server without its network: store, dispatcher, maintenance and webhook sender, driven
// by one thread under a virtual clock. Its end is a crash: nothing is drained, only what the store
// had taken is on disk.
class Core {
 public:
  // `clock` must outlive it.
  Core(base::FakeClock& clock, CoreOptions options);
  ~Core();

  // Opens the file and starts everything.
  absl::Status Start(dispatch::ReceiptCollector& receipts);

  // Does everything that can be done at the present time.
  void Settle();
  // When Settle has something to do next.
  absl::Time next_wake() const { return next_wake_; }
  // Settles at every moment at which something is due, up to `end`, where the clock then stands.
  void RunUntil(absl::Time end);

  // A few rounds of the loops, with work left half done: a good moment to die.
  void RunSome(int rounds);

  // Waits until everything that was asked of the store, and what follows from it, is known to
  // everybody.
  void Barrier();

  storage::Store& store() { return *store_; }
  dispatch::DispatchMetrics& metrics() { return *metrics_; }
  const dispatch::RouteTable& routes() const { return *routes_; }

 private:
  base::FakeClock& clock_;
  CoreOptions options_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<dispatch::RouteTable> routes_;
  std::unique_ptr<dispatch::DispatchMetrics> metrics_;
  webhooks::WebhookMetrics webhook_metrics_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  std::unique_ptr<dispatch::Maintenance> maintenance_;
  std::unique_ptr<webhooks::WebhookSender> sender_;
  GroupWatch group_watch_;
  absl::Time next_wake_ = absl::InfinitePast();
};

}  // namespace campaigner::testing

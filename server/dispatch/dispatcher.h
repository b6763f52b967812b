#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/dispatch/metrics.h"
#include "server/dispatch/outlook.h"
#include "server/dispatch/receipts.h"
#include "server/dispatch/routes.h"
#include "server/storage/store.h"

namespace campaigner::dispatch {

struct DispatcherOptions {
  // Names this process in its claims; unique per start. Maintenance gets the same.
  std::string owner;
  // Under which providers reach the gateway: receipts go to
  // "{receipt_base_url}/receipts/v1/{provider name}/{reference}". Without a slash at its end.
  std::string receipt_base_url;
  absl::Duration claim_lease = base::limits::kClaimLease;
  // How long Stop waits for the providers' answers, and then for the store.
  absl::Duration drain_timeout = absl::Seconds(10);
  // How often the store is asked which lanes are ready, besides its hints.
  absl::Duration list_interval = absl::Seconds(10);
  // Of the retries' jitter.
  uint64_t seed = 0;
  // False: no thread is started; the owner calls RunOnce.
  bool own_thread = true;
};

// What dispatch works with. All must outlive it.
struct DispatchContext {
  storage::Store& store;
  base::Clock& clock;
  const RouteTable& routes;
  ReceiptCollector& receipts;
  DispatchMetrics& metrics;
  // Where the dispatcher says what holds campaigns up; may be null.
  OutlookBoard* outlook = nullptr;
};

class DispatchLoop;

// Takes due messages from the store to the providers and the outcomes back.
//
// Campaigns of a lower `order` go first, 0 last; those of the same order take turns; inside a
// campaign, oldest first. A message goes when its campaign runs, is open and has a unit of its
// rate, and its route has a place, a unit of its rate and a provider whose breaker lets it pass.
// What is blocked never stands before what is not.
//
// Claims run ahead of the providers by about a quarter of a second of work. What was claimed and
// may not go any more (paused, closed, route blocked) is given back. Outcomes that the store
// refuses are kept and tried again, and no new claims are made meanwhile.
//
// One thread; it calls the store asynchronously, so a slow commit stops nobody. The observer's
// functions are thread-safe; Start, RunOnce and Stop are the owner's.
class Dispatcher final : public storage::StoreObserver {
 public:
  Dispatcher(DispatcherOptions options, DispatchContext context);
  // Without Stop: as if the process died. Claims stay; answers that are still to come are dropped.
  ~Dispatcher() override;

  // Reads what is ready (blocks) and begins. Call after store.AddObserver(this). The store's
  // errors.
  absl::Status Start();

  // Does what can be done now; answers when it wants to be called again at the latest. Never
  // blocks on writes.
  absl::Time RunOnce();

  // No new claims; gives back what was not submitted, waits for the providers' answers
  // (drain_timeout; then the providers are stopped) and until the outcomes are stored. May be
  // called twice. Only with own_thread.
  void Stop();

  // Something happened since the last RunOnce began. For owners without own_thread.
  bool HasWork() const;
  // Asynchronous calls to the store that have not completed. For owners without own_thread.
  int store_calls_pending() const;

  void OnReady(const std::vector<storage::Lane>& lanes) override;
  void OnCampaignChanged(int64_t campaign_id) override;

 private:
  enum class Order { kRun, kDrain, kAbandon };

  void End(Order order);
  void Run();
  // Rounds until `is_done` or `deadline`.
  void RunUntil(absl::Time deadline, const std::function<bool()>& is_done);

  const DispatcherOptions options_;
  const DispatchContext context_;
  std::unique_ptr<DispatchLoop> loop_;
  std::atomic<Order> order_{Order::kRun};
  std::thread thread_;
};

}  // namespace campaigner::dispatch

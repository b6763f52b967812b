#include "tests/support/core.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/storage/sqlite/sqlite_store.h"

namespace campaigner::testing {

bool GroupWatch::WantsMessageChanges() {
  base::MutexLock lock(mutex_);
  is_under_way_ = true;
  return false;
}

void GroupWatch::OnCommit(const storage::CommitReport& /*report*/) {
  base::MutexLock lock(mutex_);
  is_under_way_ = false;
  ended_.notify_all();
}

void GroupWatch::AwaitEnd() {
  base::MutexLock lock(mutex_);
  ended_.wait(lock, [this] { return !is_under_way_; });
}

Core::Core(base::FakeClock& clock, CoreOptions options)
    : clock_(clock), options_(std::move(options)) {}

Core::~Core() {
  // Its thread calls the observers below until it ends.
  store_.reset();
}

absl::Status Core::Start(dispatch::ReceiptCollector& receipts) {
  storage::SqliteOptions sqlite;
  sqlite.path = options_.path;
  sqlite.synchronous_full = false;
  sqlite.readers = 1;
  sqlite.clock = &clock_;
  // Real time would pass, and nobody else comes.
  sqlite.gather_time = absl::ZeroDuration();
  ASSIGN_OR_RETURN(store_, storage::OpenSqliteStore(sqlite));
  ASSIGN_OR_RETURN(dispatch::RouteTable routes,
                   dispatch::RouteTable::Make(options_.routes, *store_));
  routes_ = std::make_unique<dispatch::RouteTable>(std::move(routes));
  metrics_ = std::make_unique<dispatch::DispatchMetrics>(*routes_);
  const dispatch::DispatchContext context{*store_,  clock_,    *routes_,
                                          receipts, *metrics_, options_.outlook};
  options_.dispatcher.owner = options_.owner;
  options_.dispatcher.own_thread = false;
  options_.maintenance.owner = options_.owner;
  options_.maintenance.own_thread = false;
  dispatcher_ = std::make_unique<dispatch::Dispatcher>(options_.dispatcher, context);
  maintenance_ = std::make_unique<dispatch::Maintenance>(options_.maintenance, context);
  store_->AddObserver(dispatcher_.get());
  store_->AddObserver(maintenance_.get());
  if (options_.http != nullptr) {
    webhooks::WebhookSenderOptions webhooks;
    webhooks.own_thread = false;
    webhooks.scan_interval = options_.dispatcher.list_interval;
    sender_ = std::make_unique<webhooks::WebhookSender>(
        webhooks,
        webhooks::WebhookSenderContext{*store_, clock_, *options_.http, webhook_metrics_});
    store_->AddObserver(sender_.get());
    sender_->Start();
  }
  if (options_.observer != nullptr) store_->AddObserver(options_.observer);
  store_->AddObserver(&group_watch_);
  RETURN_IF_ERROR(maintenance_->Start());
  return dispatcher_->Start();
}

void Core::Barrier() {
  const bool is_waiting = dispatcher_->store_calls_pending() > 0 ||
                          (sender_ != nullptr && sender_->store_calls_pending() > 0);
  // The store writes in order: what was asked before this is then done.
  if (is_waiting) store_->RenewLeases("nobody", clock_.Now()).IgnoreError();
  group_watch_.AwaitEnd();
}

void Core::RunSome(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    maintenance_->RunOnce();
    dispatcher_->RunOnce();
    if (i + 1 < rounds) Barrier();
  }
}

void Core::Settle() {
  const auto has_work = [this] {
    return maintenance_->HasWork() || dispatcher_->HasWork() ||
           (sender_ != nullptr && sender_->HasWork());
  };
  do {
    next_wake_ = std::min(maintenance_->RunOnce(), dispatcher_->RunOnce());
    if (sender_ != nullptr) next_wake_ = std::min(next_wake_, sender_->RunOnce());
    Barrier();
  } while (has_work() || next_wake_ <= clock_.Now());
}

void Core::RunUntil(absl::Time end) {
  Settle();
  while (next_wake_ <= end) {
    clock_.Set(next_wake_);
    Settle();
  }
  clock_.Set(end);
  Settle();
}

}  // namespace campaigner::testing

#include "server/dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/dispatch/dispatch_loop.h"

namespace campaigner::dispatch {

Dispatcher::Dispatcher(DispatcherOptions options, DispatchContext context)
    : options_(std::move(options)),
      context_(context),
      loop_(std::make_unique<DispatchLoop>(options_, context_)) {}

Dispatcher::~Dispatcher() { End(Order::kAbandon); }

absl::Status Dispatcher::Start() {
  RETURN_IF_ERROR(loop_->Start());
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Time Dispatcher::RunOnce() { return loop_->RunOnce(); }

void Dispatcher::Stop() { End(Order::kDrain); }

void Dispatcher::End(Order order) {
  if (!thread_.joinable()) return;
  order_ = order;
  loop_->inbox().wake().Notify();
  thread_.join();
}

void Dispatcher::Run() {
  RunUntil(absl::InfiniteFuture(), [this] { return order_ != Order::kRun; });
  if (order_ == Order::kAbandon) return;
  loop_->BeginDrain();
  RunUntil(context_.clock.Now() + options_.drain_timeout, [this] { return loop_->is_answered(); });
  // What is still under way ends as unknown, and is written down as such.
  for (const RouteTable::ProviderEntry& entry : context_.routes.providers()) {
    entry.provider->Stop();
  }
  RunUntil(context_.clock.Now() + options_.drain_timeout,
           [this] { return loop_->is_answered() && loop_->is_stored(); });
  if (!loop_->is_answered() || !loop_->is_stored()) {
    base::LogWarning("dispatch_not_drained", {{"under_way", loop_->under_way()}});
  }
}

void Dispatcher::RunUntil(absl::Time deadline, const std::function<bool()>& is_done) {
  while (!is_done() && context_.clock.Now() < deadline) {
    const absl::Time next = std::min(loop_->RunOnce(), deadline);
    if (!is_done()) context_.clock.SleepUntil(loop_->inbox().wake(), next);
  }
}

bool Dispatcher::HasWork() const { return !loop_->inbox().empty(); }

int Dispatcher::store_calls_pending() const { return loop_->store_calls_pending(); }

void Dispatcher::OnReady(const std::vector<storage::Lane>& lanes) {
  loop_->inbox().Post(
      [&](Mail& mail) { mail.ready.insert(mail.ready.end(), lanes.begin(), lanes.end()); });
}

void Dispatcher::OnCampaignChanged(int64_t campaign_id) {
  loop_->inbox().Post([&](Mail& mail) { mail.changed_campaigns.push_back(campaign_id); });
}

}  // namespace campaigner::dispatch

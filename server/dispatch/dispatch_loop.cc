#include "server/dispatch/dispatch_loop.h"

#include <algorithm>
#include <utility>

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/dispatch/outcomes.h"
#include "server/dispatch/sent_history.h"

namespace campaigner::dispatch {
namespace {

constexpr int32_t kLanesPerPage = 1000;
constexpr absl::Duration kOutlookInterval = absl::Milliseconds(200);

}  // namespace

DispatchLoop::DispatchLoop(DispatcherOptions options, DispatchContext context)
    : options_(std::move(options)),
      context_(context),
      inbox_(std::make_shared<Inbox>()),
      book_(context.store),
      outcomes_(context.store, inbox_, context.metrics),
      receipts_(context.store, context.receipts, inbox_, context.metrics),
      breakers_(context.routes.providers().size()),
      random_(options_.seed) {
  const absl::Time now = context.clock.Now();
  const std::vector<Route>& routes = context.routes.routes();
  for (size_t i = 0; i < routes.size(); ++i) {
    routes_.push_back(std::make_unique<RouteRun>(routes[i], breakers_[routes[i].provider_index],
                                                 context.metrics.routes()[i], now));
    routes_by_id_[routes[i].id] = routes_.back().get();
  }
}

DispatchLoop::~DispatchLoop() { inbox_->Close(); }

absl::Status DispatchLoop::Start() {
  ASSIGN_OR_RETURN(const std::string secret, context_.store.GetOrCreateSecret("reference"));
  signer_.emplace(secret);
  return absl::OkStatus();
}

absl::Time DispatchLoop::RunOnce() {
  const absl::Time now = context_.clock.Now();
  absl::Time wake = absl::InfiniteFuture();
  Deliver(inbox_->Take(), now);
  book_.RecheckDue(now, [&](int64_t, CampaignRun& run) {
    if (run.is_open) OnOpened(run, now);
  });
  wake = std::min(wake, book_.next_recheck());
  if (now >= next_list_time_ && !is_draining_) ListLanes(now);
  wake = std::min(wake, next_list_time_);
  GiveBackBlocked(now, wake);
  if (MayWork()) {
    SendAll(wake);
    // Rates were told later times than `now` meanwhile.
    Claim(context_.clock.Now(), wake);
  }
  outcomes_.Flush(now, context_.receipts.backlog() > 0, wake);
  receipts_.Flush(now, wake);
  PublishFigures();
  PublishOutlook(context_.clock.Now(), wake);
  return wake;
}

bool DispatchLoop::MayWork() const {
  return !is_draining_ && !outcomes_.is_overloaded() && !receipts_.is_overloaded();
}

void DispatchLoop::Deliver(Mail mail, absl::Time now) {
  for (auto& [write, status] : mail.outcomes_stored) outcomes_.OnStored(write, status, now);
  for (const auto& applied : mail.receipts_stored) receipts_.OnStored(applied, now);
  for (int64_t campaign_id : mail.changed_campaigns) OnCampaignChanged(campaign_id, now);
  for (ClaimResult& result : mail.claims) OnClaimed(std::move(result), now);
  for (const storage::Lane& lane : mail.ready) OnReady(lane, now);
  for (SubmitResult& result : mail.submits) OnSubmitted(std::move(result), now);
}

void DispatchLoop::OnCampaignChanged(int64_t campaign_id, absl::Time now) {
  CampaignRun* run = book_.Refresh(campaign_id, now);
  if (run == nullptr) return;
  for (const auto& route : routes_) {
    LaneRun* lane = route->FindLane(campaign_id);
    if (lane == nullptr) continue;
    route->Reorder(*lane);
    // Its rate may be another.
    lane->blocked_until = absl::InfinitePast();
  }
  if (run->is_open) OnOpened(*run, now);
}

void DispatchLoop::OnOpened(CampaignRun& run, absl::Time now) {
  for (const auto& route : routes_) {
    if (route->route.options.channel != run.campaign->channel) continue;
    OnReady({run.campaign->id, route->route.id}, now);
  }
}

void DispatchLoop::OnReady(const storage::Lane& lane, absl::Time now) {
  RouteRun* route = FindRoute(lane.route_id);
  // Maintenance moves its messages to another.
  if (route == nullptr) return;
  LaneRun* known = route->FindLane(lane.campaign_id);
  if (known == nullptr) {
    CampaignRun* run = book_.Get(lane.campaign_id, now);
    // It comes back with OnOpened.
    if (run == nullptr || !run->is_open) return;
    if (run->campaign->channel != route->route.options.channel) return;
    known = &route->Lane(lane.campaign_id, *run);
  }
  if (!known->is_ready && known->held() == 0) known->ready_since = now;
  known->is_ready = true;
  known->is_signaled = true;
}

void DispatchLoop::ListLanes(absl::Time now) {
  next_list_time_ = now + options_.list_interval;
  storage::LaneClaim after;
  while (true) {
    const auto lanes =
        context_.store.ListReadyLanes(after.campaign_id, after.route_id, kLanesPerPage);
    if (!lanes.ok()) {
      base::LogWarning("ready_lanes_not_read", {{"status", lanes.status().ToString()}});
      break;
    }
    for (const storage::LaneClaim& lane : *lanes) OnReady({lane.campaign_id, lane.route_id}, now);
    if (lanes->size() < static_cast<size_t>(kLanesPerPage)) break;
    after = lanes->back();
  }
  for (const auto& route : routes_) route->DropIdleLanes();
  book_.Prune([&](int64_t campaign_id) {
    return std::any_of(routes_.begin(), routes_.end(),
                       [&](const auto& route) { return route->FindLane(campaign_id) != nullptr; });
  });
}

std::vector<storage::LaneClaim> DispatchLoop::PlanClaims(absl::Time now, absl::Time& wake) {
  std::vector<storage::LaneClaim> claims;
  int budget = base::limits::kClaimMax;
  CountHeldOfAccounts(now);
  for (size_t i = 0; i < routes_.size() && budget > 0; ++i) {
    const size_t already = claims.size();
    routes_[(claim_turn_ + i) % routes_.size()]->PlanClaims(now, budget, claims, wake);
    for (size_t n = already; n < claims.size(); ++n) budget -= claims[n].limit;
  }
  if (!routes_.empty()) claim_turn_ = (claim_turn_ + 1) % routes_.size();
  return claims;
}

void DispatchLoop::CountHeldOfAccounts(absl::Time now) {
  bool is_limited = false;
  for (auto& [id, account] : book_.accounts()) {
    if (!account.gate.has_value()) continue;
    account.held.clear();
    // Who may claim nothing does not come to where rates are read again otherwise.
    book_.RefreshAccount(account, now);
    is_limited = true;
  }
  if (!is_limited) return;
  for (const auto& route : routes_) {
    for (const auto& [campaign_id, lane] : route->lanes) {
      if (lane->account_gate() != nullptr) {
        lane->run->account->held[lane->order_key] += lane->held();
      }
    }
  }
}

void DispatchLoop::Claim(absl::Time now, absl::Time& wake) {
  if (now < claim_backoff_.until()) {
    wake = std::min(wake, claim_backoff_.until());
    return;
  }
  while (claims_pending_ < kClaimsMax) {
    std::vector<storage::LaneClaim> claims = PlanClaims(now, wake);
    if (claims.empty()) return;
    ++claims_pending_;
    auto done = [inbox = inbox_, asked = claims,
                 now](absl::StatusOr<storage::Claimed> claimed) mutable {
      inbox->Post([&](Mail& mail) {
        mail.claims.push_back({std::move(asked), std::move(claimed), now});
      });
    };
    context_.store.ClaimMessages(std::move(claims), options_.owner, now + options_.claim_lease, now,
                                 std::move(done));
  }
}

void DispatchLoop::OnClaimed(ClaimResult result, absl::Time now) {
  --claims_pending_;
  for (const storage::LaneClaim& asked : result.asked) {
    LaneRun* lane = FindRoute(asked.route_id)->FindLane(asked.campaign_id);
    lane->claiming -= asked.limit;
    // Unless it is among the drained, there is more.
    if (result.claimed.ok()) lane->is_ready = true;
  }
  if (!result.claimed.ok()) {
    if (!claim_backoff_.is_failing()) {
      base::LogError("claim_failed", {{"status", result.claimed.status().ToString()}});
    }
    context_.metrics.store_retries += 1;
    claim_backoff_.Failed(now);
    return;
  }
  claim_backoff_.Succeeded();
  for (const storage::LaneClaim& drained : result.claimed->drained) {
    LaneRun* lane = FindRoute(drained.route_id)->FindLane(drained.campaign_id);
    if (lane != nullptr && !lane->is_signaled) lane->is_ready = false;
  }
  TakeIn(std::move(result.claimed->messages), result.time, now);
}

void DispatchLoop::TakeIn(std::vector<storage::ClaimedMessage> messages, absl::Time claim_time,
                          absl::Time now) {
  // Messages of a lane come together: one look-up for each run of them.
  LaneRun* lane = nullptr;
  int64_t route_id = 0;
  for (storage::ClaimedMessage& message : messages) {
    if (lane == nullptr || lane->campaign_id != message.campaign_id ||
        route_id != message.route_id) {
      lane = FindRoute(message.route_id)->FindLane(message.campaign_id);
      route_id = message.route_id;
      lane->progress_time = now;
    }
    lane->queue.push_back({.claimed = std::move(message), .claim_time = claim_time});
  }
}

void DispatchLoop::GiveBackBlocked(absl::Time now, absl::Time& wake) {
  for (const auto& route : routes_) {
    const bool is_blocked = route->IsBlocked(now);
    if (is_blocked) {
      wake = std::min(wake, std::max(route->paused_until, route->breaker.open_until()));
    }
    for (auto& [campaign_id, lane] : route->lanes) {
      if (lane->queue.empty()) continue;
      const absl::Time held_until =
          std::min(lane->progress_time + kHeldMax, lane->queue.front().claim_time + kClaimAgeMax);
      if (is_draining_ || is_blocked || !lane->run->is_open || now >= held_until) {
        GiveBack(*lane, now);
      } else {
        wake = std::min(wake, held_until);
      }
    }
  }
}

void DispatchLoop::GiveBack(LaneRun& lane, absl::Time now) {
  context_.metrics.given_back += static_cast<int64_t>(lane.queue.size());
  for (const QueuedMessage& message : lane.queue) outcomes_.Add(GivenBack(message.claimed, now));
  lane.queue.clear();
  lane.is_ready = true;
}

RouteRun* DispatchLoop::FindRoute(int64_t route_id) {
  const auto found = routes_by_id_.find(route_id);
  return found == routes_by_id_.end() ? nullptr : found->second;
}

int64_t DispatchLoop::under_way() const {
  int64_t messages = 0;
  for (const auto& route : routes_) messages += route->in_flight + route->queued();
  return messages;
}

bool DispatchLoop::is_answered() const {
  return under_way() == 0 && claims_pending_ == 0 && inbox_->empty();
}

bool DispatchLoop::is_stored() const {
  return outcomes_.backlog() == 0 && !receipts_.is_writing() && context_.receipts.backlog() == 0;
}

int DispatchLoop::store_calls_pending() const {
  return claims_pending_ + outcomes_.writes_pending() + (receipts_.is_writing() ? 1 : 0);
}

void DispatchLoop::PublishFigures() {
  for (const auto& route : routes_) {
    route->figures.claimed = route->queued();
    route->figures.in_flight = route->in_flight;
    context_.metrics.providers()[route->route.provider_index].breaker = route->breaker.state();
  }
}

SendHint DispatchLoop::HintOf(RouteRun& route, const LaneRun& lane, absl::Time now) const {
  const bool is_stuck =
      claim_backoff_.is_failing() || outcomes_.is_overloaded() || receipts_.is_overloaded();
  return is_stuck ? SendHint{Hold::kStorageUnavailable, now} : route.HintOf(lane, now);
}

void DispatchLoop::PublishOutlook(absl::Time now, absl::Time& wake) {
  if (context_.outlook == nullptr) return;
  if (now < next_outlook_time_) {
    wake = std::min(wake, next_outlook_time_);
    return;
  }
  next_outlook_time_ = now + kOutlookInterval;
  OutlookBoard::Hints hints;
  std::optional<SendHint> hint;
  for (const auto& route : routes_) {
    for (const auto& [campaign_id, lane] : route->lanes) {
      if (!lane->run->is_open || (!lane->is_ready && lane->held() == 0)) continue;
      const auto [entry, is_new] = hints.try_emplace(campaign_id);
      hint = is_new ? std::nullopt : std::optional(entry->second);
      Merge(HintOf(*route, *lane, now), hint);
      entry->second = *hint;
      // Who stops without a word is seen to.
      if (hint->hold == Hold::kNone) wake = std::min(wake, now + RouteRun::kPaceSeen);
    }
  }
  context_.outlook->Publish(std::move(hints), now);
}

}  // namespace campaigner::dispatch

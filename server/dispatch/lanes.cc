#include "server/dispatch/lanes.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace campaigner::dispatch {
namespace {

// How long a route rests when its provider throttles: what it asks for, within reason.
constexpr absl::Duration kThrottlePauseDefault = absl::Seconds(1);
constexpr absl::Duration kThrottlePauseMin = absl::Milliseconds(100);
constexpr absl::Duration kThrottlePauseMax = absl::Minutes(5);

// The route's rate in whole units: exact for fractions too, and never above it in any second.
std::optional<RateGate> RouteGate(const RouteOptions& options, absl::Time now) {
  if (options.messages_per_second_max <= 0) return std::nullopt;
  domain::Rate rate;
  rate.limit = std::max(1, static_cast<int>(std::floor(options.messages_per_second_max)));
  rate.period = absl::Seconds(rate.limit / options.messages_per_second_max);
  if (options.rate_counts_segments) rate.unit = domain::RateUnit::kSegments;
  return RateGate(rate, now);
}

// When a lane's gate is looked at again: an account's rate may be changed at any time.
absl::Time NextLook(const RateGate* account_gate, const RateGate* gate, absl::Time next,
                    absl::Time now) {
  return gate == account_gate ? std::min(next, now + AccountRun::kReread) : next;
}

}  // namespace

int ThroughputMeter::Within(absl::Duration span, absl::Time now) {
  constexpr absl::Duration kShortest = absl::Milliseconds(100);
  const absl::Duration elapsed = now - since_;
  if (elapsed >= kShortest) {
    const double lately = static_cast<double>(messages_) / absl::ToDoubleSeconds(elapsed);
    // What was long ago says little about now.
    const double weight = elapsed > absl::Seconds(1) ? 1.0 : 0.5;
    per_second_ += weight * (lately - per_second_);
    messages_ = 0;
    since_ = now;
  }
  return static_cast<int>(std::min(per_second_ * absl::ToDoubleSeconds(span), 1e6));
}

RouteRun::RouteRun(const Route& configured, Breaker& provider_breaker,
                   DispatchMetrics::RouteFigures& route_figures, absl::Time now)
    : route(configured),
      breaker(provider_breaker),
      figures(route_figures),
      gate(RouteGate(configured.options, now)) {}

LaneRun& RouteRun::Lane(int64_t campaign_id, CampaignRun& run) {
  std::unique_ptr<LaneRun>& lane = lanes[campaign_id];
  if (lane == nullptr) {
    lane = std::make_unique<LaneRun>();
    lane->run = &run;
    lane->campaign_id = campaign_id;
    lane->order_key = run.order_key();
    classes[lane->order_key].lanes.push_back(lane.get());
  }
  return *lane;
}

LaneRun* RouteRun::FindLane(int64_t campaign_id) {
  const auto found = lanes.find(campaign_id);
  return found == lanes.end() ? nullptr : found->second.get();
}

void RouteRun::Reorder(LaneRun& lane) {
  if (lane.order_key == lane.run->order_key()) return;
  const auto old_class = classes.find(lane.order_key);
  std::erase(old_class->second.lanes, &lane);
  if (old_class->second.lanes.empty()) classes.erase(old_class);
  lane.order_key = lane.run->order_key();
  classes[lane.order_key].lanes.push_back(&lane);
}

void RouteRun::DropIdleLanes() {
  const auto is_idle = [](const LaneRun* lane) {
    const bool may_come = lane->is_ready && !lane->run->is_deleted;
    return !may_come && lane->held() == 0 && lane->in_flight == 0;
  };
  for (auto entry = classes.begin(); entry != classes.end();) {
    std::erase_if(entry->second.lanes, is_idle);
    entry = entry->second.lanes.empty() ? classes.erase(entry) : std::next(entry);
  }
  std::erase_if(lanes, [&](const auto& entry) { return is_idle(entry.second.get()); });
}

void RouteRun::Throttle(std::optional<absl::Duration> retry_after, absl::Time now) {
  const absl::Duration pause =
      std::clamp(retry_after.value_or(kThrottlePauseDefault), kThrottlePauseMin, kThrottlePauseMax);
  paused_until = std::max(paused_until, now + pause);
}

int64_t RouteRun::queued() const {
  int64_t messages = 0;
  for (const auto& [campaign_id, lane] : lanes) {
    messages += static_cast<int64_t>(lane->queue.size());
  }
  return messages;
}

bool RouteRun::IsBlocked(absl::Time now) const {
  return now < paused_until ||
         (breaker.Allowance(now) == 0 && breaker.state() == BreakerState::kOpen);
}

int RouteRun::FreePlaces(absl::Time now) const {
  if (now < paused_until) return 0;
  return std::min(route.concurrency_max - in_flight, breaker.Allowance(now));
}

int RouteRun::Room(absl::Time now, absl::Time& wake) {
  int room = FreePlaces(now);
  // A provider on probation gets what it may have and nothing in advance.
  if (breaker.state() == BreakerState::kClosed && !IsBlocked(now)) {
    room += std::min(throughput.Within(kAhead, now), kAheadMax);
  }
  if (room <= 0 || !gate.has_value()) return room;
  const absl::Time next = gate->NextAvailable(now);
  if (next > now + kAhead) {
    wake = std::min(wake, next - kAhead);
    return 0;
  }
  return std::min(room, gate->UnitsWithin(kAhead));
}

int RouteRun::Wanted(const LaneRun& lane, int room, int held_max, absl::Time now,
                     absl::Time& wake) {
  if (!lane.is_ready || !lane.run->MayGo(now)) return 0;
  // A message of several segments may have to wait longer than a rate says of single ones.
  if (lane.blocked_until > now + kAhead) {
    wake = std::min(wake, lane.blocked_until - kAhead);
    return 0;
  }
  RateGate* const account_gate = lane.account_gate();
  for (RateGate* one : {lane.campaign_gate(), account_gate}) {
    if (one == nullptr) continue;
    const absl::Time next = one->NextAvailable(now);
    if (next > now + kAhead) {
      wake = std::min(wake, NextLook(account_gate, one, next - kAhead, now));
      return 0;
    }
    const int held =
        one == account_gate ? lane.run->account->HeldUpTo(lane.order_key) : lane.held();
    room = std::clamp(std::min(one->UnitsWithin(kAhead), held_max) - held, 0, room);
  }
  return room;
}

SendHint RouteRun::HintOf(const LaneRun& lane, absl::Time now) {
  if (now < paused_until) return {Hold::kProviderThrottles, paused_until};
  if (breaker.Allowance(now) == 0) return {Hold::kProviderAway, breaker.open_until()};
  absl::Time next = lane.blocked_until;
  for (RateGate* one :
       {lane.campaign_gate(), lane.account_gate(), gate.has_value() ? &*gate : nullptr}) {
    if (one != nullptr) next = std::max(next, one->NextAvailable(now));
  }
  const absl::Time last_move = std::max(lane.progress_time, lane.ready_since);
  const bool is_moving = lane.in_flight > 0 || now - last_move < kPaceSeen;
  // A rate that gives something every now and then is being used, not used up.
  if (next > now + kPaceSeen || (next > now && !is_moving)) return {Hold::kRateReached, next};
  return {is_moving ? Hold::kNone : Hold::kWaitingForTurn, now};
}

void RouteRun::PlanClaims(absl::Time now, int budget, std::vector<storage::LaneClaim>& claims,
                          absl::Time& wake) {
  if (classes.empty()) return;
  const int room = Room(now, wake);
  int used = 0;
  // Held by lanes with a rate.
  int limited = 0;
  std::vector<Wish> wishes;
  for (auto& [order_key, lane_class] : classes) {
    // What waits for its own campaign's rate takes nothing from others.
    for (const LaneRun* lane : lane_class.lanes) {
      (lane->is_limited() ? limited : used) += lane->held();
    }
    const int left = std::min(room - used, budget);
    // Many small claims cost more than few large ones; and who has no room leaves none to those
    // behind.
    if (left <= 0 || (used > 0 && room - used < room / 4)) return;
    wishes.clear();
    for (size_t i = 0; i < lane_class.lanes.size(); ++i) {
      LaneRun* lane = lane_class.lanes[(lane_class.claim_turn + i) % lane_class.lanes.size()];
      int most = left;
      if (lane->is_limited()) most = std::min(left, std::max(room, kAheadMax) - limited);
      const int wanted = most > 0 ? Wanted(*lane, most, room, now, wake) : 0;
      if (wanted <= 0) continue;
      if (lane->is_limited()) limited += wanted;
      wishes.push_back({lane, wanted, 0});
      if (lane->account_gate() != nullptr) lane->run->account->held[order_key] += wanted;
    }
    Share(lane_class, left, wishes);
    bool is_short = false;
    for (const Wish& wish : wishes) {
      is_short |= wish.granted < wish.wanted;
      if (wish.lane->is_limited()) limited -= wish.wanted - wish.granted;
      if (wish.lane->account_gate() != nullptr) {
        wish.lane->run->account->held[order_key] -= wish.wanted - wish.granted;
      }
      if (wish.granted == 0) continue;
      claims.push_back({wish.lane->campaign_id, route.id, wish.granted});
      wish.lane->claiming += wish.granted;
      wish.lane->is_signaled = false;
      budget -= wish.granted;
      if (!wish.lane->is_limited()) used += wish.granted;
    }
    // Those with a rate do not count as used, but what they got their neighbours did not: that is
    // no reason to serve those behind.
    if (is_short) return;
  }
}

void RouteRun::Share(LaneClass& lane_class, int room, std::vector<Wish>& wishes) {
  if (wishes.empty()) return;
  const int share = std::max(kTurn, room / static_cast<int>(wishes.size()));
  size_t served = 0;
  for (Wish& wish : wishes) {
    if (room == 0) break;
    wish.granted = std::min({wish.wanted, share, room});
    room -= wish.granted;
    ++served;
  }
  // What some did not want of their share.
  for (Wish& wish : wishes) {
    const int more = std::min(wish.wanted - wish.granted, room);
    wish.granted += more;
    room -= more;
  }
  lane_class.claim_turn = (lane_class.claim_turn + served) % lane_class.lanes.size();
}

int RouteRun::PassGates(LaneRun& lane, int wanted, absl::Time now, absl::Time& wake) {
  RateGate* const account_gate = lane.account_gate();
  RateGate* const gates[] = {lane.campaign_gate(), account_gate,
                             gate.has_value() ? &*gate : nullptr};
  for (RateGate* one : gates) {
    if (one == nullptr) continue;
    wanted = one->Fit(lane, wanted, now);
    if (wanted > 0) continue;
    lane.blocked_until = NextLook(account_gate, one, one->NextTry(lane, now), now);
    wake = std::min(wake, lane.blocked_until);
    return 0;
  }
  for (RateGate* one : gates) {
    if (one != nullptr) one->Take(lane, wanted, now);
  }
  return wanted;
}

int RouteRun::TurnOf(const LaneRun& lane, int places, absl::Time now) {
  for (RateGate* one :
       {lane.campaign_gate(), lane.account_gate(), gate.has_value() ? &*gate : nullptr}) {
    if (one != nullptr) places = std::min(places, one->FitMax(now));
  }
  return places;
}

int RouteRun::TakeTurn(absl::Time now, int places, const Prepare& prepare,
                       std::vector<QueuedMessage>& out, absl::Time& wake) {
  for (auto& [order_key, lane_class] : classes) {
    const size_t count = lane_class.lanes.size();
    for (size_t i = 0; i < count; ++i) {
      LaneRun& lane = *lane_class.lanes[(lane_class.send_turn + i) % count];
      if (lane.queue.empty() || !lane.run->MayGo(now)) continue;
      if (now < lane.blocked_until) {
        wake = std::min(wake, lane.blocked_until);
        continue;
      }
      const int turn = TurnOf(lane, count == 1 ? places : std::min(places, kTurn), now);
      prepare(lane, turn);
      const int wanted = std::min(turn, static_cast<int>(lane.queue.size()));
      const int passed = wanted > 0 ? PassGates(lane, wanted, now, wake) : 0;
      if (passed == 0) continue;
      const auto end = lane.queue.begin() + passed;
      std::move(lane.queue.begin(), end, std::back_inserter(out));
      lane.queue.erase(lane.queue.begin(), end);
      lane.progress_time = now;
      lane_class.send_turn = (lane_class.send_turn + i + 1) % count;
      return passed;
    }
  }
  return 0;
}

}  // namespace campaigner::dispatch

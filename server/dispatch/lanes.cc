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

// The route's rate as a limiter: exact for fractions too, and never above the rate in any second.
std::optional<domain::RateLimiter> RouteLimiter(double per_second, absl::Time now) {
  if (per_second <= 0) return std::nullopt;
  const int64_t limit = std::max<int64_t>(1, std::llround(std::floor(per_second)));
  const absl::Duration period = absl::Seconds(static_cast<double>(limit) / per_second);
  // Ten milliseconds' worth: a wake-up for each message of a fast route would cost more than it.
  const int64_t packet = std::max<int64_t>(1, limit / 100);
  return domain::RateLimiter(limit, period, packet, now);
}

// Units of `per` every `period` that fall into `span`; at least one.
int UnitsWithin(absl::Duration span, double per, absl::Duration period) {
  const double units = per * absl::FDivDuration(span, period);
  return static_cast<int>(std::clamp(std::ceil(units), 1.0, 1e6));
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
      limiter(RouteLimiter(configured.options.messages_per_second_max, now)) {}

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
  if (room <= 0 || !limiter.has_value()) return room;
  const absl::Time next = limiter->NextAvailable(now);
  if (next > now + kAhead) {
    wake = std::min(wake, next - kAhead);
    return 0;
  }
  return std::min(room,
                  UnitsWithin(kAhead, route.options.messages_per_second_max, absl::Seconds(1)));
}

int RouteRun::Wanted(const LaneRun& lane, int room, absl::Time now, absl::Time& wake) const {
  if (!lane.is_ready || !lane.run->is_open) return 0;
  if (!lane.run->is_limited()) return room;
  const absl::Time next = lane.run->limiter->NextAvailable(now);
  if (next > now + kAhead) {
    wake = std::min(wake, next - kAhead);
    return 0;
  }
  const domain::Rate& rate = lane.run->campaign->rate;
  const int units = UnitsWithin(kAhead, rate.limit, rate.period);
  return std::clamp(units - lane.held(), 0, room);
}

void RouteRun::PlanClaims(absl::Time now, int budget, std::vector<storage::LaneClaim>& claims,
                          absl::Time& wake) {
  if (classes.empty()) return;
  const int room = Room(now, wake);
  int used = 0;
  std::vector<Wish> wishes;
  for (auto& [order_key, lane_class] : classes) {
    // What waits for its own campaign's rate takes nothing from others.
    for (const LaneRun* lane : lane_class.lanes) {
      if (!lane->run->is_limited()) used += lane->held();
    }
    const int left = std::min(room - used, budget);
    // Many small claims cost more than few large ones; and who has no room leaves none to those
    // behind.
    if (left <= 0 || (used > 0 && room - used < room / 4)) return;
    wishes.clear();
    for (size_t i = 0; i < lane_class.lanes.size(); ++i) {
      LaneRun* lane = lane_class.lanes[(lane_class.claim_turn + i) % lane_class.lanes.size()];
      const int wanted = Wanted(*lane, left, now, wake);
      if (wanted > 0) wishes.push_back({lane, wanted, 0});
    }
    Share(lane_class, left, wishes);
    bool is_short = false;
    for (const Wish& wish : wishes) {
      is_short |= wish.granted < wish.wanted;
      if (wish.granted == 0) continue;
      claims.push_back({wish.lane->campaign_id, route.id, wish.granted});
      wish.lane->claiming += wish.granted;
      wish.lane->is_signaled = false;
      budget -= wish.granted;
      if (!wish.lane->run->is_limited()) used += wish.granted;
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

int RouteRun::TakeUnits(LaneRun& lane, int wanted, absl::Time now, absl::Time& wake) {
  int64_t units = wanted;
  if (lane.run->is_limited()) {
    units = lane.run->limiter->Take(wanted, now);
    if (units == 0) {
      lane.blocked_until = lane.run->limiter->NextAvailable(now);
      wake = std::min(wake, lane.blocked_until);
      return 0;
    }
  }
  if (limiter.has_value()) {
    const int64_t of_route = limiter->Take(units, now);
    if (lane.run->is_limited()) lane.run->limiter->GiveBack(units - of_route);
    units = of_route;
    if (units == 0) wake = std::min(wake, limiter->NextAvailable(now));
  }
  return static_cast<int>(units);
}

int RouteRun::TakeTurn(absl::Time now, int places,
                       const std::function<void(LaneRun&)>& drop_expired,
                       std::vector<storage::ClaimedMessage>& out, absl::Time& wake) {
  for (auto& [order_key, lane_class] : classes) {
    const size_t count = lane_class.lanes.size();
    for (size_t i = 0; i < count; ++i) {
      LaneRun& lane = *lane_class.lanes[(lane_class.send_turn + i) % count];
      if (lane.queue.empty() || !lane.run->is_open) continue;
      if (now < lane.blocked_until) {
        wake = std::min(wake, lane.blocked_until);
        continue;
      }
      drop_expired(lane);
      const int turn = count == 1 ? places : std::min(places, kTurn);
      const int wanted = std::min(turn, static_cast<int>(lane.queue.size()));
      const int units = wanted > 0 ? TakeUnits(lane, wanted, now, wake) : 0;
      if (units == 0) continue;
      const auto end = lane.queue.begin() + units;
      std::move(lane.queue.begin(), end, std::back_inserter(out));
      lane.queue.erase(lane.queue.begin(), end);
      lane.progress_time = now;
      lane_class.send_turn = (lane_class.send_turn + i + 1) % count;
      return units;
    }
  }
  return 0;
}

}  // namespace campaigner::dispatch

#include "server/webhooks/endpoint_table.h"

#include <algorithm>

#include "server/webhooks/url.h"

namespace campaigner::webhooks {
namespace {

// Endpoints and deliveries of one claim: one read and one commit for all of them.
constexpr size_t kEndpointsPerClaim = 256;
constexpr int kDeliveriesPerClaim = 2048;
// Endpoints looked at for one claim.
constexpr size_t kTurnsPerClaim = 1024;
// A quick receiver finds so many more deliveries claimed than it has places, so that it need not
// wait for a commit.
constexpr int kQuickAhead = 4;
// Behind a failing receiver so many are claimed at a time: they share the fate of the one that is
// tried.
constexpr int kFailingBatch = 64;

}  // namespace

EndpointTable::Endpoint* EndpointTable::Find(int64_t endpoint_id) {
  const auto it = endpoints_.find(endpoint_id);
  return it == endpoints_.end() ? nullptr : it->second.get();
}

void EndpointTable::MarkDue(int64_t endpoint_id, absl::Time due, absl::Time now) {
  Endpoint* endpoint = Find(endpoint_id);
  if (endpoint == nullptr) {
    if (endpoints_.size() >= options_.endpoints_max) return;
    auto made = std::make_unique<Endpoint>(endpoint_id, options_.endpoint_limits);
    endpoint = made.get();
    endpoints_.emplace(endpoint_id, std::move(made));
  }
  absl::Time& known = endpoint->claiming > 0 ? endpoint->due_since_claim : endpoint->due;
  known = std::min(known, due);
  Update(*endpoint, now);
}

void EndpointTable::Advance(absl::Time now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Endpoint* endpoint = Find(timers_.begin()->second);
    SetTimer(*endpoint, absl::InfiniteFuture());
    Update(*endpoint, now);
  }
}

absl::Time EndpointTable::NextWake() const {
  return timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
}

absl::Time EndpointTable::PausedUntil(const Endpoint& endpoint) {
  const absl::Time own = endpoint.bulkhead.paused_until();
  if (endpoint.destination == nullptr) return own;
  return std::max(own, endpoint.destination->bulkhead.paused_until());
}

bool EndpointTable::IsQuick(const Endpoint& endpoint) {
  return endpoint.destination != nullptr && endpoint.destination->bulkhead.is_quick();
}

int EndpointTable::ClaimRoom(const Endpoint& endpoint) {
  if (endpoint.claiming > 0) return 0;
  // The first delivery tells which destination the endpoint belongs to.
  int wanted = 1;
  if (endpoint.bulkhead.is_failing()) {
    wanted = kFailingBatch;
  } else if (endpoint.destination != nullptr) {
    wanted = endpoint.bulkhead.limit() * (IsQuick(endpoint) ? kQuickAhead : 1);
  }
  return wanted - static_cast<int>(endpoint.buffer.size());
}

int EndpointTable::ClaimRoom(const Destination& destination) {
  return std::max(destination.bulkhead.limit() * kQuickAhead, kFailingBatch) - destination.buffered;
}

void EndpointTable::Update(Endpoint& endpoint, absl::Time now) {
  const absl::Time paused_until = PausedUntil(endpoint);
  const bool is_paused = now < paused_until;
  const bool is_due = endpoint.due <= now;
  absl::Time wake = is_due ? absl::InfiniteFuture() : endpoint.due;
  if (is_paused && (is_due || !endpoint.buffer.empty())) wake = std::min(wake, paused_until);
  SetTimer(endpoint, wake);
  if (is_paused) return;
  if (is_due && !endpoint.in_claim_ring && ClaimRoom(endpoint) > 0) {
    endpoint.in_claim_ring = true;
    claim_ring_.push_back(&endpoint);
  }
  if (!endpoint.buffer.empty() && !endpoint.in_send_ring && endpoint.bulkhead.HasPlace()) {
    endpoint.in_send_ring = true;
    endpoint.destination->ring.push_back(&endpoint);
    List(*endpoint.destination);
  }
}

void EndpointTable::SetTimer(Endpoint& endpoint, absl::Time time) {
  if (endpoint.timer == time) return;
  if (endpoint.timer != absl::InfiniteFuture()) timers_.erase({endpoint.timer, endpoint.id});
  endpoint.timer = time;
  if (time != absl::InfiniteFuture()) timers_.emplace(time, endpoint.id);
}

void EndpointTable::List(Destination& destination) {
  if (destination.is_listed || destination.ring.empty() || !destination.bulkhead.HasPlace()) return;
  destination.is_listed = true;
  (destination.bulkhead.is_quick() ? quick_ring_ : slow_ring_).push_back(&destination);
}

EndpointTable::Claims EndpointTable::TakeClaims(absl::Time now) {
  Claims claims;
  int wanted = 0;
  for (size_t turns = std::min(claim_ring_.size(), kTurnsPerClaim); turns > 0; --turns) {
    const int room = options_.buffered_max - buffered_ - claiming_;
    if (room <= 0 || claims.size() >= kEndpointsPerClaim || wanted >= kDeliveriesPerClaim) break;
    Endpoint& endpoint = *claim_ring_.front();
    claim_ring_.pop_front();
    const int room_of_kind = IsQuick(endpoint) ? room : room - options_.buffered_max / 2;
    if (room_of_kind <= 0) {
      claim_ring_.push_back(&endpoint);
      continue;
    }
    endpoint.in_claim_ring = false;
    if (now < PausedUntil(endpoint) || endpoint.due > now) {
      Update(endpoint, now);
      continue;
    }
    int limit = std::min(ClaimRoom(endpoint), room_of_kind);
    if (limit > 0 && endpoint.destination != nullptr) {
      const int destination_room = ClaimRoom(*endpoint.destination);
      if (destination_room <= 0) {
        endpoint.in_claim_ring = true;
        endpoint.destination->waiting.push_back(&endpoint);
        continue;
      }
      limit = std::min(limit, destination_room);
    }
    if (limit <= 0) continue;
    endpoint.claiming = limit;
    claiming_ += limit;
    wanted += limit;
    claims.push_back({endpoint.id, limit});
  }
  return claims;
}

void EndpointTable::AddClaimed(const Claims& asked, storage::WebhookStore::ClaimedWebhooks claimed,
                               absl::Time lease_end, absl::Time now) {
  for (storage::ClaimedWebhook& delivery : claimed.deliveries) {
    Buffer(std::move(delivery), lease_end);
  }
  std::unordered_map<int64_t, absl::Time> next_due;
  for (const auto& due : claimed.next_due) next_due.emplace(due.endpoint_id, due.due_time);
  for (const auto& claim : asked) {
    Endpoint& endpoint = *Find(claim.endpoint_id);
    claiming_ -= endpoint.claiming;
    endpoint.claiming = 0;
    const auto it = next_due.find(endpoint.id);
    const absl::Time next = it == next_due.end() ? absl::InfiniteFuture() : it->second;
    endpoint.due = std::min(next, endpoint.due_since_claim);
    endpoint.due_since_claim = absl::InfiniteFuture();
    Update(endpoint, now);
  }
}

void EndpointTable::ClaimFailed(const Claims& asked, absl::Time retry_time, absl::Time now) {
  for (const auto& claim : asked) {
    Endpoint& endpoint = *Find(claim.endpoint_id);
    claiming_ -= endpoint.claiming;
    endpoint.claiming = 0;
    endpoint.due = retry_time;
    endpoint.due_since_claim = absl::InfiniteFuture();
    Update(endpoint, now);
  }
}

void EndpointTable::Buffer(storage::ClaimedWebhook delivery, absl::Time lease_end) {
  Endpoint* endpoint = Find(delivery.endpoint_id);
  if (endpoint == nullptr) return;
  if (endpoint->destination == nullptr) {
    const std::string name = UrlDestination(delivery.url);
    auto& destination = destinations_[name];
    if (!destination) {
      destination = std::make_unique<Destination>(options_.destination_limits);
      destination->name = name;
    }
    destination->endpoints += 1;
    endpoint->destination = destination.get();
  }
  endpoint->buffer.push_back({std::move(delivery), lease_end});
  ++endpoint->destination->buffered;
  ++buffered_;
}

void EndpointTable::Unbuffered(Endpoint& endpoint, int count) {
  Destination& destination = *endpoint.destination;
  destination.buffered -= count;
  buffered_ -= count;
  for (int room = ClaimRoom(destination); room > 0 && !destination.waiting.empty(); --room) {
    claim_ring_.push_back(destination.waiting.front());
    destination.waiting.pop_front();
  }
}

bool EndpointTable::HasPlaceFor(bool is_quick) const {
  if (in_flight_ >= options_.in_flight_max) return false;
  return is_quick || slow_in_flight_ < options_.in_flight_max / 2;
}

std::optional<Exchange> EndpointTable::TakeNext(absl::Time now) {
  if (auto exchange = TakeFrom(quick_ring_, true, now)) return exchange;
  return TakeFrom(slow_ring_, false, now);
}

std::optional<Exchange> EndpointTable::TakeFrom(std::deque<Destination*>& ring, bool is_quick,
                                                absl::Time now) {
  while (!ring.empty() && HasPlaceFor(is_quick)) {
    Destination& destination = *ring.front();
    ring.pop_front();
    destination.is_listed = false;
    // Its last answer may have put it among the others.
    const bool is_of_kind = destination.bulkhead.is_quick() == is_quick;
    std::optional<Exchange> exchange;
    if (is_of_kind && destination.bulkhead.HasPlace()) {
      exchange = TakeFromDestination(destination, now);
    }
    List(destination);
    if (exchange) return exchange;
  }
  return std::nullopt;
}

std::optional<Exchange> EndpointTable::TakeFromDestination(Destination& destination,
                                                           absl::Time now) {
  while (!destination.ring.empty()) {
    Endpoint& endpoint = *destination.ring.front();
    destination.ring.pop_front();
    endpoint.in_send_ring = false;
    DropLapsed(endpoint, now);
    const bool may_send =
        !endpoint.buffer.empty() && endpoint.bulkhead.HasPlace() && now >= PausedUntil(endpoint);
    std::optional<Exchange> exchange;
    if (may_send) exchange = Begin(endpoint, now);
    Update(endpoint, now);
    if (exchange) return exchange;
  }
  return std::nullopt;
}

void EndpointTable::DropLapsed(Endpoint& endpoint, absl::Time now) {
  while (!endpoint.buffer.empty() &&
         endpoint.buffer.front().lease_end < now + options_.exchange_timeout) {
    endpoint.buffer.pop_front();
    Unbuffered(endpoint, 1);
    ++lapsed_;
  }
}

Exchange EndpointTable::Begin(Endpoint& endpoint, absl::Time now) {
  Exchange exchange{.delivery = std::move(endpoint.buffer.front().delivery),
                    .begin_time = now,
                    .counts_as_slow = !IsQuick(endpoint)};
  endpoint.buffer.pop_front();
  Unbuffered(endpoint, 1);
  ++in_flight_;
  if (exchange.counts_as_slow) ++slow_in_flight_;
  endpoint.bulkhead.Begin();
  endpoint.destination->bulkhead.Begin();
  return exchange;
}

std::vector<storage::ClaimedWebhook> EndpointTable::Finish(const Exchange& exchange,
                                                           ReceiverHealth health, absl::Time now) {
  --in_flight_;
  if (exchange.counts_as_slow) --slow_in_flight_;
  Endpoint& endpoint = *Find(exchange.delivery.endpoint_id);
  Destination& destination = *endpoint.destination;
  const absl::Duration elapsed = now - exchange.begin_time;
  endpoint.bulkhead.End(health, elapsed, now);
  // An error of one URL is no fault of its neighbours on the same host, which is alive.
  const bool is_alive = health == ReceiverHealth::kFails;
  destination.bulkhead.End(is_alive ? ReceiverHealth::kAnswers : health, elapsed, now);
  std::vector<storage::ClaimedWebhook> companions;
  const bool has_failed = health == ReceiverHealth::kDead || health == ReceiverHealth::kFails;
  if (has_failed && endpoint.bulkhead.is_failing()) {
    Unbuffered(endpoint, static_cast<int>(endpoint.buffer.size()));
    for (Buffered& buffered : endpoint.buffer) companions.push_back(std::move(buffered.delivery));
    endpoint.buffer.clear();
  }
  Update(endpoint, now);
  List(destination);
  return companions;
}

void EndpointTable::Drop(const storage::WebhookId& webhook, absl::Time now) {
  Endpoint* endpoint = Find(webhook.endpoint_id);
  if (endpoint == nullptr) return;
  const auto count =
      static_cast<int>(std::erase_if(endpoint->buffer, [&](const Buffered& buffered) {
        return buffered.delivery.id == webhook.id;
      }));
  if (count == 0) return;
  Unbuffered(*endpoint, count);
  Update(*endpoint, now);
}

void EndpointTable::Forget(absl::Time before) {
  for (auto it = endpoints_.begin(); it != endpoints_.end();) {
    Endpoint& endpoint = *it->second;
    const bool is_idle = endpoint.due >= before && endpoint.claiming == 0 &&
                         endpoint.bulkhead.in_flight() == 0 && endpoint.buffer.empty() &&
                         !endpoint.in_claim_ring && !endpoint.in_send_ring;
    if (!is_idle) {
      ++it;
      continue;
    }
    SetTimer(endpoint, absl::InfiniteFuture());
    Destination* destination = endpoint.destination;
    it = endpoints_.erase(it);
    if (destination == nullptr || --destination->endpoints > 0) continue;
    destinations_.erase(std::string(destination->name));
  }
}

}  // namespace campaigner::webhooks

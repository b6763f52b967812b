#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/storage/webhook_store.h"
#include "server/webhooks/attempt.h"
#include "server/webhooks/bulkhead.h"

namespace campaigner::webhooks {

struct EndpointTableOptions {
  BulkheadLimits endpoint_limits = {};
  BulkheadLimits destination_limits = {};
  // Exchanges under way in all; those to receivers that are not quick have half of it.
  int in_flight_max = 512;
  // Deliveries claimed and not begun; those of receivers that are not quick have half of it.
  int buffered_max = 8192;
  // Endpoints kept in mind; what is due beyond them is found by a later scan.
  size_t endpoints_max = 100'000;
  // A delivery is not begun unless its claim holds for so long: the time of an exchange.
  absl::Duration exchange_timeout = absl::Seconds(15);
};

// An exchange that is to be begun, or under way.
struct Exchange {
  storage::ClaimedWebhook delivery;
  absl::Time begin_time;
  // It began as one to a receiver that is not known to be quick.
  bool counts_as_slow = false;
};

// Who is due, whose turn it is, and who has a place: what the sender decides by. Plain values, no
// I/O, no clock, one thread. The cost of every step is independent of the number of endpoints.
class EndpointTable {
 public:
  using Claims = std::vector<storage::WebhookStore::WebhookClaim>;

  explicit EndpointTable(EndpointTableOptions options) : options_(options) {}

  // Deliveries of this endpoint are due from `due` on.
  void MarkDue(int64_t endpoint_id, absl::Time due, absl::Time now);
  // Pauses and due times that have come by `now`.
  void Advance(absl::Time now);
  // When Advance has something to do next.
  absl::Time NextWake() const;

  // What to claim now, in turns. Answer each with AddClaimed or ClaimFailed.
  Claims TakeClaims(absl::Time now);
  void AddClaimed(const Claims& asked, storage::WebhookStore::ClaimedWebhooks claimed,
                  absl::Time lease_end, absl::Time now);
  void ClaimFailed(const Claims& asked, absl::Time retry_time, absl::Time now);

  // What to send now, in turns; nullopt if nobody who has something also has a place. Answer each
  // with Finish, which answers further deliveries that share the fate of one to a receiver that
  // keeps failing.
  std::optional<Exchange> TakeNext(absl::Time now);
  std::vector<storage::ClaimedWebhook> Finish(const Exchange& exchange, ReceiverHealth health,
                                              absl::Time now);

  // A delivery is gone: it is not begun. What is under way is with its receiver.
  void Drop(const storage::WebhookId& webhook, absl::Time now);

  // Forgets endpoints that have nothing to do before `before`.
  void Forget(absl::Time before);

  int in_flight() const { return in_flight_; }
  int buffered() const { return buffered_; }
  // Claims given up because their turn did not come within the lease.
  int64_t lapsed() const { return lapsed_; }
  size_t size() const { return endpoints_.size(); }

 private:
  struct Endpoint;
  // A scheme, host and port.
  struct Destination {
    explicit Destination(BulkheadLimits limits) : bulkhead(limits) {}
    Bulkhead bulkhead;
    int endpoints = 0;
    std::string name;
    // Endpoints that may send, in turns.
    std::deque<Endpoint*> ring;
    bool is_listed = false;
    // Deliveries claimed and not begun, and endpoints that claim more when those are fewer.
    int buffered = 0;
    std::deque<Endpoint*> waiting;
  };
  struct Buffered {
    storage::ClaimedWebhook delivery;
    absl::Time lease_end;
  };
  struct Endpoint {
    Endpoint(int64_t endpoint_id, BulkheadLimits limits) : id(endpoint_id), bulkhead(limits) {}
    const int64_t id;
    Bulkhead bulkhead;
    // Unknown until the first delivery is claimed.
    Destination* destination = nullptr;
    absl::Time due = absl::InfiniteFuture();
    int claiming = 0;
    // What became due while a claim was under way, which may have missed it.
    absl::Time due_since_claim = absl::InfiniteFuture();
    std::deque<Buffered> buffer;
    bool in_claim_ring = false;
    bool in_send_ring = false;
    absl::Time timer = absl::InfiniteFuture();
  };

  Endpoint* Find(int64_t endpoint_id);
  // Puts the endpoint wherever its state says it belongs.
  void Update(Endpoint& endpoint, absl::Time now);
  void SetTimer(Endpoint& endpoint, absl::Time time);
  void List(Destination& destination);
  static absl::Time PausedUntil(const Endpoint& endpoint);
  static bool IsQuick(const Endpoint& endpoint);
  // How many deliveries the endpoint may still claim.
  static int ClaimRoom(const Endpoint& endpoint);
  // How many deliveries may still be claimed for all endpoints of the destination.
  static int ClaimRoom(const Destination& destination);
  void Buffer(storage::ClaimedWebhook delivery, absl::Time lease_end);
  // `count` deliveries have left the endpoint's buffer.
  void Unbuffered(Endpoint& endpoint, int count);
  bool HasPlaceFor(bool is_quick) const;
  std::optional<Exchange> TakeFrom(std::deque<Destination*>& ring, bool is_quick, absl::Time now);
  std::optional<Exchange> TakeFromDestination(Destination& destination, absl::Time now);
  // Drops deliveries whose claim ends before an exchange would.
  void DropLapsed(Endpoint& endpoint, absl::Time now);
  Exchange Begin(Endpoint& endpoint, absl::Time now);

  const EndpointTableOptions options_;
  std::unordered_map<int64_t, std::unique_ptr<Endpoint>> endpoints_;
  std::unordered_map<std::string, std::unique_ptr<Destination>> destinations_;
  std::set<std::pair<absl::Time, int64_t>> timers_;
  std::deque<Endpoint*> claim_ring_;
  // Destinations with something to send and a place, in turns.
  std::deque<Destination*> quick_ring_;
  std::deque<Destination*> slow_ring_;
  int in_flight_ = 0;
  int slow_in_flight_ = 0;
  int buffered_ = 0;
  int claiming_ = 0;
  int64_t lapsed_ = 0;
};

}  // namespace campaigner::webhooks

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "server/dispatch/breaker.h"
#include "server/dispatch/campaign_book.h"
#include "server/dispatch/metrics.h"
#include "server/dispatch/outlook.h"
#include "server/dispatch/rate_gate.h"
#include "server/dispatch/routes.h"
#include "server/storage/dispatch_store.h"

// The queues of dispatch: messages that are claimed and not yet with a provider. Plain state of the
// dispatch loop, not thread-safe.
namespace campaigner::dispatch {

// A claimed message on its way to its provider.
struct QueuedMessage {
  storage::ClaimedMessage claimed;
  // When its claim was asked for.
  absl::Time claim_time = absl::InfinitePast();
  // As it goes out: set before it counts on a rate, at the latest when it is submitted.
  std::optional<std::string> text = std::nullopt;
  // Of `text`; 0: not measured, because no rate needs it, and as counted when it was accepted.
  int32_t segments = 0;
  // What `text` was rendered from: the campaign's revision, or kOwnText.
  static constexpr int64_t kOwnText = -1;
  int64_t revision = 0;
};

// Messages of one campaign on one route.
struct LaneRun {
  CampaignRun* run = nullptr;
  int64_t campaign_id = 0;
  // The class that it stands in: CampaignRun::order_key when it was put there.
  int64_t order_key = 0;
  std::deque<QueuedMessage> queue;
  // Asked for and not yet answered.
  int claiming = 0;
  // With the provider, unanswered.
  int in_flight = 0;
  // The store may have more.
  bool is_ready = false;
  // OnReady came after the last claim was asked for: its "drained" is out of date.
  bool is_signaled = false;
  // When the last message became ready in a lane that had none.
  absl::Time ready_since = absl::InfinitePast();
  // When a message last came in or went out.
  absl::Time progress_time = absl::InfinitePast();
  // The rates give nothing before.
  absl::Time blocked_until = absl::InfinitePast();

  int held() const { return static_cast<int>(queue.size()) + claiming; }
  // The campaign's rate and its account's, null where there is none.
  RateGate* campaign_gate() const { return run->gate.has_value() ? &*run->gate : nullptr; }
  RateGate* account_gate() const {
    const bool has_gate = run->account != nullptr && run->account->gate.has_value();
    return has_gate ? &*run->account->gate : nullptr;
  }
  bool is_limited() const { return campaign_gate() != nullptr || account_gate() != nullptr; }
};

// Lanes of one order: they take turns.
struct LaneClass {
  std::vector<LaneRun*> lanes;
  // Whose turn it is to claim, and to send.
  size_t claim_turn = 0;
  size_t send_turn = 0;
};

// How many messages go over a route in a second, lately.
class ThroughputMeter {
 public:
  void Count(int messages) { messages_ += messages; }
  // Messages of `span` at the present throughput.
  int Within(absl::Duration span, absl::Time now);

 private:
  int64_t messages_ = 0;
  double per_second_ = 0;
  absl::Time since_ = absl::InfinitePast();
};

// What one route is about.
struct RouteRun {
  // Claims run ahead of the providers by so much work: longer than a commit takes, and short enough
  // that little has to be given back.
  static constexpr absl::Duration kAhead = absl::Milliseconds(250);
  // Most messages that are held ahead, however fast the route: some megabytes.
  static constexpr int kAheadMax = 4000;
  // Who sends at least so often is seen to send.
  static constexpr absl::Duration kPaceSeen = absl::Seconds(2);
  // Messages that a lane sends before it is another's turn.
  static constexpr int kTurn = 10;

  // What went before `now` is not known: another process may have sent it.
  RouteRun(const Route& configured, Breaker& provider_breaker,
           DispatchMetrics::RouteFigures& route_figures, absl::Time now);

  // The lane of a campaign, made if it is not there.
  LaneRun& Lane(int64_t campaign_id, CampaignRun& run);
  LaneRun* FindLane(int64_t campaign_id);
  // Puts the lane into the class of its campaign's present order.
  void Reorder(LaneRun& lane);
  // Drops lanes that have nothing under way and nothing to claim.
  void DropIdleLanes();

  // The provider asks for a pause.
  void Throttle(std::optional<absl::Duration> retry_after, absl::Time now);

  // Claimed, not yet with the provider.
  int64_t queued() const;
  // No message may go now: throttled, or the breaker is open.
  bool IsBlocked(absl::Time now) const;
  // Places at the provider that are free now.
  int FreePlaces(absl::Time now) const;

  // What holds up the ready messages of a lane.
  SendHint HintOf(const LaneRun& lane, absl::Time now);

  // Adds the claims that are worth making now, of at most `budget` messages; lowers `wake` to when
  // it should be asked again, as far as rates decide that. Counts them as claiming.
  void PlanClaims(absl::Time now, int budget, std::vector<storage::LaneClaim>& claims,
                  absl::Time& wake);

  // Moves up to `places` messages that may go at `now` to the end of `out`: one turn of the lane
  // whose turn it is, in the most important order that has any. Counts them as sent on the rates.
  // How many; 0: none may go. Lowers `wake` as above. `prepare` is called with a lane and the
  // number of its messages that are about to go: it drops those that must not, and composes the
  // others where a rate limits the lane.
  using Prepare = std::function<void(LaneRun&, int count)>;
  int TakeTurn(absl::Time now, int places, const Prepare& prepare, std::vector<QueuedMessage>& out,
               absl::Time& wake);
  // A rate limits the lane.
  bool HasGates(const LaneRun& lane) const { return gate.has_value() || lane.is_limited(); }

  const Route& route;
  Breaker& breaker;
  DispatchMetrics::RouteFigures& figures;
  std::unordered_map<int64_t, std::unique_ptr<LaneRun>> lanes;
  // By order key.
  std::map<int64_t, LaneClass> classes;
  std::optional<RateGate> gate;
  ThroughputMeter throughput;
  // With the provider, unanswered.
  int in_flight = 0;
  // Throttled until then.
  absl::Time paused_until = absl::InfinitePast();

 private:
  struct Wish {
    LaneRun* lane = nullptr;
    int wanted = 0;
    int granted = 0;
  };
  // Messages that may be held in all.
  int Room(absl::Time now, absl::Time& wake);
  // Messages that the lane would take of `room`, were there no others. No lane with a rate holds
  // more than `held_max`.
  static int Wanted(const LaneRun& lane, int room, int held_max, absl::Time now, absl::Time& wake);
  // How many messages the lane's turn has at most, of `places`: what no rate lets go need not be
  // looked at.
  int TurnOf(const LaneRun& lane, int places, absl::Time now);
  // Shares `room` fairly among the lanes of a class.
  static void Share(LaneClass& lane_class, int room, std::vector<Wish>& wishes);
  // How many of the lane's first `wanted` messages all rates let go; they count as gone.
  int PassGates(LaneRun& lane, int wanted, absl::Time now, absl::Time& wake);
};

}  // namespace campaigner::dispatch

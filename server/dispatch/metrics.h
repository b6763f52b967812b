#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/dispatch/routes.h"
#include "server/domain/message.h"

namespace campaigner::dispatch {

enum class BreakerState : uint8_t { kClosed = 0, kHalfOpen = 1, kOpen = 2 };

// Figures of dispatch: written by its threads, read by whoever exports them. Counters only grow.
// Everything is atomic, so thread-safe; the names and the number of entries never change.
class DispatchMetrics {
 public:
  using Counter = std::atomic<int64_t>;
  // Indexed by domain::AttemptOutcome.
  static constexpr size_t kOutcomeCount = 8;

  struct ProviderFigures {
    std::string name;
    std::array<Counter, kOutcomeCount> outcomes{};
    std::atomic<BreakerState> breaker{BreakerState::kClosed};
  };
  struct RouteFigures {
    std::string name;
    // With the provider, unanswered.
    Counter in_flight{0};
    // Claimed, not yet with the provider.
    Counter claimed{0};
    Counter retries{0};
  };
  // Upper bounds of the buckets of accept_to_submit, in seconds; the last bucket has none.
  static constexpr std::array<double, 11> kDelayBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,    5,     30,   300};

  explicit DispatchMetrics(const RouteTable& routes);

  // By RouteTable::providers() and RouteTable::routes().
  std::vector<ProviderFigures>& providers() { return providers_; }
  const std::vector<ProviderFigures>& providers() const { return providers_; }
  std::vector<RouteFigures>& routes() { return routes_; }
  const std::vector<RouteFigures>& routes() const { return routes_; }

  // First attempts only: from acceptance to the provider's door.
  void ObserveAcceptToSubmit(absl::Duration delay);
  struct Delays {
    // Not cumulative; one more than kDelayBounds.
    std::array<int64_t, kDelayBounds.size() + 1> buckets{};
    double sum_seconds = 0;
  };
  Delays accept_to_submit() const;

  // Attempts whose outcome nobody knows: the provider's answer was lost, or we died in between.
  Counter unknown_outcomes{0};
  // Messages taken back from lapsed claims.
  Counter rescued{0};
  // Messages given back before they were submitted (paused, closed, blocked).
  Counter given_back{0};
  Counter expired_unsent{0};
  Counter receipts_applied{0};
  Counter receipts_ignored{0};
  // Writes that the store refused and that are tried again.
  Counter store_retries{0};
  // Right now: outcomes and receipts that wait to be stored.
  Counter outcomes_waiting{0};
  Counter receipts_waiting{0};
  Counter pruned{0};

 private:
  std::vector<ProviderFigures> providers_;
  std::vector<RouteFigures> routes_;
  std::array<Counter, kDelayBounds.size() + 1> delay_buckets_{};
  Counter delay_sum_us_{0};
};

}  // namespace campaigner::dispatch

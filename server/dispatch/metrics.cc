#include "server/dispatch/metrics.h"

#include <algorithm>

namespace campaigner::dispatch {

DispatchMetrics::DispatchMetrics(const RouteTable& routes)
    : providers_(routes.providers().size()), routes_(routes.routes().size()) {
  for (size_t i = 0; i < providers_.size(); ++i) providers_[i].name = routes.providers()[i].name;
  for (size_t i = 0; i < routes_.size(); ++i) routes_[i].name = routes.routes()[i].options.name;
}

void DispatchMetrics::ObserveAcceptToSubmit(absl::Duration delay) {
  const double seconds = absl::ToDoubleSeconds(delay);
  const auto bound = std::lower_bound(kDelayBounds.begin(), kDelayBounds.end(), seconds);
  const auto bucket = static_cast<size_t>(bound - kDelayBounds.begin());
  delay_buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  delay_sum_us_.fetch_add(absl::ToInt64Microseconds(delay), std::memory_order_relaxed);
}

DispatchMetrics::Delays DispatchMetrics::accept_to_submit() const {
  Delays delays;
  for (size_t i = 0; i < delays.buckets.size(); ++i) delays.buckets[i] = delay_buckets_[i].load();
  delays.sum_seconds = static_cast<double>(delay_sum_us_.load()) / 1e6;
  return delays;
}

}  // namespace campaigner::dispatch

#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway {

// What the gateway counts, in Prometheus' terms. Thread-safe.
class Metrics {
 public:
  Metrics();

  // `route`: the pattern, not the path, so that the number of series is bounded.
  void Count(const std::string& route, const std::string& method, int status,
             absl::Duration elapsed) EXCLUDES(mutex_);
  void RequestBegins() { in_flight_.Increment(); }
  void RequestEnds() { in_flight_.Decrement(); }
  void SetConnections(size_t open, size_t rejected);

  // In Prometheus' text format.
  std::string Text() const;

 private:
  struct PerRoute {
    prometheus::Histogram* seconds = nullptr;
    std::map<int, prometheus::Counter*> by_status;
  };

  const std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Gauge& in_flight_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& rejected_;
  base::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, PerRoute> routes_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::gateway

#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/thread_annotations.h"

namespace campaigner::rpc {

// Counts calls by method and code, and how long accepting messages takes. Thread-safe.
class CallMetrics {
 public:
  // `registry` must outlive it.
  explicit CallMetrics(prometheus::Registry& registry);

  // `method`: a string literal; the counters are found by its address.
  void Count(const char* method, absl::StatusCode code) EXCLUDES(mutex_);
  // From the arrival of a send to its answer.
  void ObserveAccept(absl::Duration latency, int64_t messages);

 private:
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Histogram& accept_seconds_;
  prometheus::Counter& accepted_messages_;
  base::Mutex mutex_;
  absl::flat_hash_map<std::pair<const char*, absl::StatusCode>, prometheus::Counter*> by_method_
      GUARDED_BY(mutex_);
};

}  // namespace campaigner::rpc

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace campaigner::bench {

// How calls are made: `in_flight` at a time as fast as they are answered, or, with
// `calls_per_second`, each at its own moment whether or not those before were answered (latency
// then counts from that moment).
struct LoadPlan {
  int64_t calls = 0;
  int in_flight = 64;
  double calls_per_second = 0;
};

struct LoadResult {
  double seconds = 0;
  int64_t failed = 0;
  std::vector<double> latencies_ms;  // Sorted.

  double Percentile(double share) const;
};

// Starts call number `index`; `done(ok)` is called once, on any thread.
using StartCall = std::function<void(int64_t index, std::function<void(bool ok)> done)>;

// Makes all calls and waits for their answers.
LoadResult RunLoad(const LoadPlan& plan, const StartCall& start_call);

}  // namespace campaigner::bench

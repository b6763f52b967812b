#include "tests/bench/load.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace campaigner::bench {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

double MillisecondsSince(SteadyTime start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

double LoadResult::Percentile(double share) const {
  if (latencies_ms.empty()) return 0;
  const auto last = static_cast<double>(latencies_ms.size() - 1);
  return latencies_ms[static_cast<size_t>(share * last)];
}

LoadResult RunLoad(const LoadPlan& plan, const StartCall& start_call) {
  std::mutex mutex;
  std::condition_variable answered;
  int in_flight = 0;
  LoadResult result;
  result.latencies_ms.reserve(static_cast<size_t>(plan.calls));
  const SteadyTime begin = std::chrono::steady_clock::now();

  for (int64_t i = 0; i < plan.calls; ++i) {
    SteadyTime start = std::chrono::steady_clock::now();
    if (plan.calls_per_second > 0) {
      start = begin + std::chrono::nanoseconds(static_cast<int64_t>(1e9 * static_cast<double>(i) /
                                                                    plan.calls_per_second));
      std::this_thread::sleep_until(start);
    }
    {
      std::unique_lock lock(mutex);
      // Paced calls do not wait for answers; the bound only keeps a dead server from eating memory.
      const int in_flight_max = plan.calls_per_second > 0 ? 100'000 : plan.in_flight;
      answered.wait(lock, [&] { return in_flight < in_flight_max; });
      ++in_flight;
    }
    start_call(i, [&, start](bool ok) {
      const std::lock_guard lock(mutex);
      result.latencies_ms.push_back(MillisecondsSince(start));
      result.failed += !ok;
      --in_flight;
      answered.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return in_flight == 0; });
  result.seconds = MillisecondsSince(begin) / 1000;
  std::sort(result.latencies_ms.begin(), result.latencies_ms.end());
  return result;
}

}  // namespace campaigner::bench

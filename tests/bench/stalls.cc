// How long the machine itself stood still: a timer of the highest priority wakes every half
// millisecond on one core; what it is late by more than two, nothing that runs here could have
// used.
//
//   bench_stalls 5
//
// Virtual machines with a quota of processor time, and busy hosts, do that to everybody; latencies
// measured meanwhile are to be read with it. Without the right to real-time priority the figures
// also count waits for a turn, and say so.
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace campaigner::bench {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr Milliseconds kInterval(0.5);
constexpr Milliseconds kStallMin(2);

bool BecomeRealTime() {
  cpu_set_t first_core;
  CPU_ZERO(&first_core);
  CPU_SET(0, &first_core);
  const sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
  return sched_setaffinity(0, sizeof first_core, &first_core) == 0 &&
         sched_setscheduler(0, SCHED_FIFO, &highest) == 0;
}

int Main(double seconds) {
  const bool is_real_time = BecomeRealTime();
  Milliseconds stalled(0);
  Milliseconds longest(0);
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  for (auto now = begin; now < end;) {
    std::this_thread::sleep_for(kInterval);
    const auto woken = std::chrono::steady_clock::now();
    const Milliseconds late = woken - now - kInterval;
    if (late >= kStallMin) stalled += late;
    longest = std::max(longest, late);
    now = woken;
  }
  std::printf("{\"is_real_time\": %s, \"stalled_ms_per_second\": %.1f, \"longest_ms\": %.1f}\n",
              is_real_time ? "true" : "false", stalled.count() / seconds, longest.count());
  return 0;
}

}  // namespace
}  // namespace campaigner::bench

int main(int argc, char** argv) {
  const double seconds = argc == 2 ? std::atof(argv[1]) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: bench_stalls SECONDS\n");
    return 2;
  }
  return campaigner::bench::Main(seconds);
}

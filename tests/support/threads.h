#pragma once

#include <latch>
#include <thread>
#include <vector>

namespace campaigner::testing {

// Runs `work(0)` .. `work(count - 1)`, each on a thread of its own, begun together; returns when
// all are done.
template <typename Work>
void InThreads(int count, const Work& work) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      work(t);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace campaigner::testing

#pragma once

#include <atomic>
#include <chrono>

namespace campaigner::gateway::http {

// Lets one line of a log pass in each second, for what may happen a thousand times in it.
// Thread-safe.
class LogGate {
 public:
  bool TryPass() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    auto next = next_.load();
    return now >= next && next_.compare_exchange_strong(next, now + std::chrono::seconds(1));
  }

 private:
  // The epoch: the first passes.
  std::atomic<std::chrono::steady_clock::duration> next_{};
};

}  // namespace campaigner::gateway::http

#pragma once

#include <atomic>
#include <cstdint>

namespace campaigner::imports {

// What imports have done since the start. Thread-safe.
struct ImportMetrics {
  std::atomic<int64_t> imported_rows{0};
  std::atomic<int64_t> rejected_rows{0};  // For any reason.
};

}  // namespace campaigner::imports

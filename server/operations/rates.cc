#include "server/operations/rates.h"

#include <algorithm>

namespace campaigner::operations {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(10);
// Samples are so far apart: forty of them for an operation.
constexpr absl::Duration kSpacing = absl::Milliseconds(250);

}  // namespace

double Rates::UnitsPerSecond(int64_t operation_id) const {
  const absl::Time now = clock_.Now();
  base::MutexLock lock(mutex_);
  const auto found = samples_.find(operation_id);
  if (found == samples_.end()) return 0;
  const Sample& first = found->second.front();
  const Sample& last = found->second.back();
  const double seconds = absl::ToDoubleSeconds(std::max(now, last.time) - first.time);
  if (last.units <= first.units || seconds <= 0) return 0;
  return static_cast<double>(last.units - first.units) / seconds;
}

void Rates::OnOperationsChanged(const std::vector<storage::OperationChange>& changes) {
  const absl::Time now = clock_.Now();
  base::MutexLock lock(mutex_);
  for (const storage::OperationChange& change : changes) {
    if (change.state != domain::OperationState::kRunning) {
      samples_.erase(change.operation_id);
      continue;
    }
    std::deque<Sample>& samples = samples_[change.operation_id];
    // One that is too close to its elder is replaced, but never the first.
    const size_t size = samples.size();
    if (size >= 2 && samples.back().time - samples[size - 2].time < kSpacing) samples.pop_back();
    samples.push_back({now, change.done_units});
    while (samples.size() > 2 && samples.front().time < now - kWindow) samples.pop_front();
  }
}

}  // namespace campaigner::operations

#include "gateway/receipts/batcher.h"

#include <iterator>
#include <memory>
#include <utility>

#include "gateway/limits.h"

namespace campaigner::gateway::receipts {

void Batcher::Report(v1::DeliveryReport report, Done done) {
  {
    base::MutexLock lock(mutex_);
    waiting_.push_back({std::move(report), std::move(done)});
  }
  StartCalls();
}

Batcher::Batch Batcher::NextBatch() {
  Batch batch;
  if (!suspects_.empty()) {
    batch = std::move(suspects_.back());
    suspects_.pop_back();
    return batch;
  }
  while (!waiting_.empty() && batch.size() < limits::kReceiptsPerCallMax) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void Batcher::StartCalls() {
  while (true) {
    auto batch = std::make_shared<Batch>();
    {
      base::MutexLock lock(mutex_);
      if (calls_ >= limits::kReceiptCallsMax) return;
      *batch = NextBatch();
      if (batch->empty()) return;
      ++calls_;
    }
    v1::ReportDeliveryRequest request;
    for (const Waiting& waiting : *batch) *request.add_reports() = waiting.report;
    store_(request,
           [this, batch](const absl::Status& status) { OnStored(std::move(*batch), status); });
  }
}

void Batcher::OnStored(Batch batch, const absl::Status& status) {
  const bool is_refused = absl::IsPermissionDenied(status) || absl::IsInvalidArgument(status);
  {
    base::MutexLock lock(mutex_);
    --calls_;
    if (is_refused && batch.size() > 1) {
      // Somebody's receipt is bad; halving finds it in few calls.
      const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
      suspects_.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
      batch.erase(middle, batch.end());
      suspects_.push_back(std::exchange(batch, {}));
    }
  }
  StartCalls();
  // From here on this batcher may be gone.
  for (Waiting& waiting : batch) waiting.done(status);
}

}  // namespace campaigner::gateway::receipts

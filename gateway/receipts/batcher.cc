#include "gateway/receipts/batcher.h"

#include <algorithm>
#include <utility>

#include "gateway/limits.h"

namespace campaigner::gateway::receipts {

Batcher::Batcher(Store store) : store_(std::move(store)) {
  for (int i = 0; i < limits::kReceiptCallsMax; ++i) threads_.emplace_back([this] { Work(); });
}

Batcher::~Batcher() {
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status Batcher::Report(v1::DeliveryReport report) {
  std::future<absl::Status> stored;
  {
    base::MutexLock lock(mutex_);
    Waiting& waiting = waiting_.emplace_back();
    waiting.report = std::move(report);
    stored = waiting.stored.get_future();
    changed_.notify_one();
  }
  return stored.get();
}

void Batcher::Work() {
  while (true) {
    Batch batch;
    {
      base::MutexLock lock(mutex_);
      changed_.wait(lock, [this]() REQUIRES(mutex_) { return is_stopped_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      while (!waiting_.empty() && batch.size() < limits::kReceiptsPerCallMax) {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    StoreRange(batch, 0, batch.size());
  }
}

void Batcher::StoreRange(Batch& batch, size_t begin, size_t end) {
  v1::ReportDeliveryRequest request;
  for (size_t i = begin; i < end; ++i) *request.add_reports() = batch[i].report;
  const absl::Status status = store_(request);
  const bool is_refused = absl::IsPermissionDenied(status) || absl::IsInvalidArgument(status);
  if (is_refused && end - begin > 1) {
    // Somebody's receipt is bad; halving finds it in few calls.
    const size_t middle = begin + (end - begin) / 2;
    StoreRange(batch, begin, middle);
    StoreRange(batch, middle, end);
    return;
  }
  for (size_t i = begin; i < end; ++i) batch[i].stored.set_value(status);
}

}  // namespace campaigner::gateway::receipts

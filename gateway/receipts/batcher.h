#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::receipts {

// Gathers receipts that come at the same time into few ReportDelivery calls: while one call is
// under way, the next gathers. A receipt that the server refuses does not take the others of its
// call down. Thread-safe.
class Batcher {
 public:
  // Stores 1 to limits::kReceiptsPerCallMax reports, or says why none was. Blocks; thread-safe.
  using Store = std::function<absl::Status(const v1::ReportDeliveryRequest&)>;

  explicit Batcher(Store store);
  // Stores what waits.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Blocks until the report is stored (OK), refused (PERMISSION_DENIED, INVALID_ARGUMENT), or could
  // not be.
  absl::Status Report(v1::DeliveryReport report) EXCLUDES(mutex_);

 private:
  struct Waiting {
    v1::DeliveryReport report;
    std::promise<absl::Status> stored;
  };
  using Batch = std::vector<Waiting>;

  void Work() EXCLUDES(mutex_);
  void StoreRange(Batch& batch, size_t begin, size_t end);

  const Store store_;
  base::Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace campaigner::gateway::receipts

#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::receipts {

// Gathers receipts that come at the same time into few ReportDelivery calls: while one call is
// under way, the next gathers. A receipt that the server refuses does not take the others of its
// call down. Never blocks. Thread-safe; must outlive every call under way.
class Batcher {
 public:
  // OK: stored. PERMISSION_DENIED, INVALID_ARGUMENT: refused. Else it could not be stored.
  using Done = absl::AnyInvocable<void(absl::Status)>;
  // Stores 1 to limits::kReceiptsPerCallMax reports, or says why none was. Must not block.
  using Store = std::function<void(const v1::ReportDeliveryRequest&, Done)>;

  explicit Batcher(Store store) : store_(std::move(store)) {}
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  void Report(v1::DeliveryReport report, Done done) EXCLUDES(mutex_);

 private:
  struct Waiting {
    v1::DeliveryReport report;
    Done done;
  };
  using Batch = std::vector<Waiting>;

  // As many as may be under way.
  void StartCalls() EXCLUDES(mutex_);
  Batch NextBatch() REQUIRES(mutex_);
  void OnStored(Batch batch, const absl::Status& status) EXCLUDES(mutex_);

  const Store store_;
  base::Mutex mutex_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  // Halves of refused batches.
  std::vector<Batch> suspects_ GUARDED_BY(mutex_);
  int calls_ GUARDED_BY(mutex_) = 0;
};

}  // namespace campaigner::gateway::receipts

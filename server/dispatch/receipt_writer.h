#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/backoff.h"
#include "server/dispatch/inbox.h"
#include "server/dispatch/metrics.h"
#include "server/dispatch/receipts.h"
#include "server/storage/dispatch_store.h"

namespace campaigner::dispatch {

// Takes a collector's receipts to the store in groups, one under way; what it refuses goes back and
// is tried again. Not thread-safe: the dispatch loop's.
class ReceiptWriter {
 public:
  static constexpr size_t kGroupMax = 1000;
  // Receipts waiting beyond which nothing more is claimed or sent: some megabytes.
  static constexpr size_t kWaitingMax = 100'000;

  ReceiptWriter(storage::DispatchStore& store, ReceiptCollector& collector,
                std::shared_ptr<Inbox> inbox, DispatchMetrics& metrics);
  ~ReceiptWriter();

  void Flush(absl::Time now, absl::Time& wake);
  void OnStored(const absl::StatusOr<storage::ReceiptsApplied>& applied, absl::Time now);

  bool is_overloaded() const {
    return backoff_.is_failing() || collector_.backlog() >= kWaitingMax;
  }
  bool is_writing() const { return !being_stored_.empty(); }

 private:
  storage::DispatchStore& store_;
  ReceiptCollector& collector_;
  const std::shared_ptr<Inbox> inbox_;
  DispatchMetrics& metrics_;
  std::vector<storage::ReceiptRecord> being_stored_;
  Backoff backoff_;
};

}  // namespace campaigner::dispatch

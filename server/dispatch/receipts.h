#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/dispatch/metrics.h"
#include "server/providers/provider.h"
#include "server/storage/dispatch_store.h"

namespace campaigner::dispatch {

// Receipts that providers make in this process, on their way to the store in groups: what comes
// while one group is being written makes the next. What the store refuses (disk full) is kept and
// tried again. Thread-safe. Made before the providers; its Add is their ReceiptSink. The Dispatcher
// drives it.
//
// Receipts that come over the network do not pass here: their reporter is told UNAVAILABLE and
// comes again.
class ReceiptCollector {
 public:
  // `clock` must outlive it.
  explicit ReceiptCollector(base::Clock& clock) : clock_(clock) {}

  void Add(std::vector<providers::Receipt> receipts) EXCLUDES(mutex_);

  // Receipts that are not stored yet. The dispatcher stops claiming while there are too many.
  size_t backlog() const EXCLUDES(mutex_);

 private:
  friend class ReceiptWriter;

  // `wake` is raised by Add; null: nobody listens. Must outlive the collector or be reset.
  void Listen(base::WakeSignal* wake) EXCLUDES(mutex_);
  std::vector<storage::ReceiptRecord> Take(size_t count_max) EXCLUDES(mutex_);
  void PutBack(std::vector<storage::ReceiptRecord> records) EXCLUDES(mutex_);
  void Stored(size_t count) EXCLUDES(mutex_);

  base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::deque<storage::ReceiptRecord> waiting_ GUARDED_BY(mutex_);
  size_t being_stored_ GUARDED_BY(mutex_) = 0;
  base::WakeSignal* wake_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace campaigner::dispatch

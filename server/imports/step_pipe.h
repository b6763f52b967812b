#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/imports/metrics.h"
#include "server/operations/job.h"
#include "server/storage/import_store.h"

namespace campaigner::imports {

// Steps of an import on their way to the disk: a few at once, so that reading and writing overlap.
// The store takes each only after the one before; what the disk or the queue refused is sent again
// in order, so that nothing is lost, doubled or read twice. For one thread at a time.
class StepPipe {
 public:
  // `wake` is called when a step has arrived. What is referred to must outlive the pipe, `metrics`
  // also the last answer of the store.
  StepPipe(storage::ImportStore& store, const base::Clock& clock, ImportMetrics& metrics,
           operations::Wake wake);

  bool IsEmpty() const { return sent_.empty(); }
  bool HasRoom() const;
  // Only where it has room, and Settle answered that nothing has to wait.
  void Send(std::shared_ptr<const storage::ImportStep> step);

  // Takes note of what arrived and sends again what was refused, if its pause is over. When the
  // next attempt is due; InfinitePast: nothing was refused. Errors but UNAVAILABLE: the first step
  // that met one; the pipe is of no more use then.
  absl::StatusOr<absl::Time> Settle();

 private:
  // Shared with the store, which may answer when the pipe is gone.
  struct Answers {
    base::Mutex mutex;
    std::map<int64_t, absl::Status> by_number GUARDED_BY(mutex);
  };
  void Submit(const std::shared_ptr<const storage::ImportStep>& step);

  storage::ImportStore& store_;
  const base::Clock& clock_;
  ImportMetrics& metrics_;
  const operations::Wake wake_;
  const std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  // Oldest first.
  std::deque<std::shared_ptr<const storage::ImportStep>> sent_;
  absl::Time retry_time_ = absl::InfinitePast();
};

}  // namespace campaigner::imports

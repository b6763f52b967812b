#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/providers/provider.h"
#include "server/storage/store.h"

namespace campaigner::dispatch {

struct LaneRun;
struct RouteRun;

// A message with the provider, unanswered.
struct InFlight {
  int64_t message_id = 0;
  int64_t claim_id = 0;
  LaneRun* lane = nullptr;
  int32_t attempt_number = 0;
  // See ClaimedMessage.
  int32_t attempt_base = 0;
  absl::Duration eligible_open_time;
  // See storage::OutcomeRecord.
  int32_t segments = 0;
  int32_t template_version = 0;
};

struct SubmittedBatch {
  RouteRun* route = nullptr;
  absl::Time start_time;
  std::vector<InFlight> messages;
};

struct SubmitResult {
  std::unique_ptr<SubmittedBatch> batch;
  std::vector<providers::SubmitOutcome> outcomes;
  absl::Time end_time;
};

struct ClaimResult {
  std::vector<storage::LaneClaim> asked;
  absl::StatusOr<storage::Claimed> claimed;
  // When it was asked for.
  absl::Time time;
};

// What other threads have to tell the dispatch loop.
struct Mail {
  std::vector<ClaimResult> claims;
  std::vector<SubmitResult> submits;
  // Number of an OutcomeWriter's write, and what came of it.
  std::vector<std::pair<int64_t, absl::Status>> outcomes_stored;
  std::vector<absl::StatusOr<storage::ReceiptsApplied>> receipts_stored;
  std::vector<storage::Lane> ready;
  std::vector<int64_t> changed_campaigns;

  bool empty() const {
    return claims.empty() && submits.empty() && outcomes_stored.empty() &&
           receipts_stored.empty() && ready.empty() && changed_campaigns.empty();
  }
};

// The dispatch loop's letter box. Shared with every callback that is under way, so that one that
// comes after the loop's end finds a box that nobody empties. Thread-safe.
class Inbox {
 public:
  // `put` gets the Mail and adds to it.
  template <typename Put>
  void Post(Put&& put) EXCLUDES(mutex_) {
    {
      base::MutexLock lock(mutex_);
      if (is_closed_) return;
      const bool was_empty = mail_.empty();
      put(mail_);
      if (!was_empty) return;  // The loop knows already.
    }
    wake_.Notify();
  }

  Mail Take() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return std::exchange(mail_, {});
  }

  bool empty() const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return mail_.empty();
  }

  // What comes later is dropped.
  void Close() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    is_closed_ = true;
    mail_ = {};
  }

  base::WakeSignal& wake() { return wake_; }

 private:
  mutable base::Mutex mutex_;
  Mail mail_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
  base::WakeSignal wake_;
};

}  // namespace campaigner::dispatch

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/dispatch/backoff.h"
#include "server/dispatch/inbox.h"
#include "server/dispatch/metrics.h"
#include "server/storage/dispatch_store.h"

namespace campaigner::dispatch {

// Outcomes on their way to the store, in groups; what it refuses is kept and tried again, because
// nobody else knows it. Not thread-safe: the dispatch loop's.
class OutcomeWriter {
 public:
  // Two under way: one is being committed while the next queues up. Of a group's size.
  static constexpr size_t kWritesMax = 2;
  static constexpr size_t kGroupMax = 1000;
  // A second group sets out only when it is worth it.
  static constexpr size_t kSecondGroupMin = 250;
  // A small group waits so long for more after the last one set out: a provider that answers one by
  // one would otherwise have a commit for each few answers. What is lost with the process in that
  // time goes out again, so it is kept short.
  static constexpr absl::Duration kGatherTime = absl::Milliseconds(4);
  // Outcomes waiting for the store beyond which nothing more is claimed or sent: some megabytes.
  static constexpr size_t kWaitingMax = 10'000;

  OutcomeWriter(storage::DispatchStore& store, std::shared_ptr<Inbox> inbox,
                DispatchMetrics& metrics);

  void Add(storage::OutcomeRecord record) { waiting_.push_back(std::move(record)); }
  // Sends what may be sent; lowers `wake` to its next try. `is_urgent`: receipts are waiting, and
  // the attempts that they are about shall be on record before them.
  void Flush(absl::Time now, bool is_urgent, absl::Time& wake);
  void OnStored(int64_t write, const absl::Status& status, absl::Time now);

  // Not stored yet.
  size_t backlog() const { return waiting_.size() + being_stored_; }
  bool is_overloaded() const { return backoff_.is_failing() || backlog() >= kWaitingMax; }
  int writes_pending() const { return static_cast<int>(writes_.size()); }

 private:
  storage::DispatchStore& store_;
  const std::shared_ptr<Inbox> inbox_;
  DispatchMetrics& metrics_;
  std::deque<storage::OutcomeRecord> waiting_;
  // Copies of what is being stored, by number of the write.
  std::map<int64_t, std::vector<storage::OutcomeRecord>> writes_;
  int64_t last_write_ = 0;
  absl::Time last_write_time_ = absl::InfinitePast();
  size_t being_stored_ = 0;
  Backoff backoff_;
};

}  // namespace campaigner::dispatch

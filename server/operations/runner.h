#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/operations/job.h"
#include "server/storage/store.h"

namespace campaigner::operations {

struct RunnerOptions {
  // How long a job that met a passing error rests before it is made anew; each further error
  // without a step between doubles it, up to limits::kOperationPauseMax.
  absl::Duration retry_pause = absl::Seconds(1);
  // False: no thread is started; the owner calls RunOnce.
  bool own_thread = true;
};

// Does the work of all operations that are RUNNING, the oldest limits::kOperationsAtOnce at once
// and of each account limits::kOperationsOfAccountAtOnce: one thread gives them turns, so that
// neither a large one nor an account with many holds up the others. What ran when the last server
// ended goes on from its checkpoint; what is cancelled gets no further turn. What took no step and
// met passing errors for limits::kOperationPatience is FAILED with the last of them.
//
// OnOperationsChanged, PassingError and running() are thread-safe; the rest is the owner's.
class Runner final : public storage::StoreObserver {
 public:
  // `store` and `clock` must outlive it.
  Runner(RunnerOptions options, storage::Store& store, base::Clock& clock);
  ~Runner() override;

  // Before Start. An operation of a kind that nobody makes jobs for is FAILED (UNIMPLEMENTED).
  void Register(domain::OperationKind kind, MakeJob make);
  // Before Start. Something small that is done now and then on the same thread; its errors are
  // logged.
  using Chore = std::function<absl::Status(absl::Time now)>;
  void AddChore(const std::string& name, absl::Duration interval, Chore chore);

  // Call after store.AddObserver(this).
  void Start();
  // Drops all jobs. May be called twice.
  void Stop();

  // One turn for everybody who has one now; answers when the next is due at the latest.
  absl::Time RunOnce();

  // Jobs at hand.
  int running() const { return running_.load(std::memory_order_relaxed); }

  // What the operation met since its last step; OK: nothing.
  absl::Status PassingError(int64_t operation_id) const EXCLUDES(mutex_);

  void OnOperationsChanged(const std::vector<storage::OperationChange>& changes) override
      EXCLUDES(mutex_);

 private:
  // Outlives the runner in the hands of whoever may wake it.
  struct Alarm {
    base::WakeSignal signal;
  };
  struct Slot {
    std::unique_ptr<Job> job;  // Null: to be made.
    std::shared_ptr<std::atomic<bool>> is_woken;
    absl::Time due = absl::InfinitePast();
    bool has_ended = false;
  };
  struct Trouble {
    absl::Time since;
    absl::Duration pause;
    absl::Status last;
  };
  struct NamedChore {
    std::string name;
    absl::Duration interval;
    Chore perform;
    absl::Time due = absl::InfinitePast();
  };

  void Run();
  void RunChores(absl::Time now);
  // Finds out what is RUNNING.
  absl::Status Refresh();
  void GiveTurn(int64_t operation_id, Slot& slot, absl::Time now);
  absl::StatusOr<Job::Turn> TryTurn(int64_t operation_id, Slot& slot);
  // Notes what the operation met, and answers what is known of it now.
  Trouble NoteTrouble(int64_t operation_id, const absl::Status& error, absl::Time now)
      EXCLUDES(mutex_);
  void Fail(int64_t operation_id, Slot& slot, const absl::Status& error, absl::Time now);

  const RunnerOptions options_;
  storage::Store& store_;
  base::Clock& clock_;
  const std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>();
  std::map<domain::OperationKind, MakeJob> makers_;
  std::vector<NamedChore> chores_;
  std::map<int64_t, Slot> slots_;

  mutable base::Mutex mutex_;
  // Ids of slots_, for observers.
  std::set<int64_t> known_ GUARDED_BY(mutex_);
  // Of those that took no step since they met a passing error.
  std::map<int64_t, Trouble> troubles_ GUARDED_BY(mutex_);
  std::atomic<bool> is_stale_{true};
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> running_{0};
  std::thread thread_;
};

}  // namespace campaigner::operations

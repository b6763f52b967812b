#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <future>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/storage/sqlite/crowd.h"
#include "server/storage/sqlite/transaction.h"
#include "server/storage/store.h"

namespace campaigner::storage::sqlite {

// What a write weighs: rows towards the size of a group, bytes towards that of the queue.
struct WriteSize {
  size_t rows = 1;
  size_t bytes = 256;
};

// New work leaves room in the queue for what finishes old work.
enum class Admission { kNewWork, kAlways };

// One write on its way.
class WriteRequest {
 public:
  WriteRequest(WriteSize size, Admission admission) : size_(size), admission_(admission) {}
  virtual ~WriteRequest() = default;
  virtual absl::Status Run(Transaction& transaction) = 0;
  // Called once. Not OK: nothing of it is stored.
  virtual void Complete(absl::Status status) = 0;
  const WriteSize& size() const { return size_; }
  Admission admission() const { return admission_; }

 private:
  const WriteSize size_;
  const Admission admission_;
};

struct WriterHealth {
  // Groups that the disk took so far.
  uint64_t groups = 0;
  // It did not take the last one.
  bool is_failing = false;
};

// Callers at a time from which on it is worth while to gather groups.
inline constexpr size_t kGatherCallersMin = 4;
// Writes, and bytes, that are worth a commit of their own without waiting.
inline constexpr size_t kGatherRequestsMax = 16;
inline constexpr size_t kGatherBytesMax = 64u << 10;

struct WriterOptions {
  size_t queue_max = 0;
  size_t queue_bytes_max = 0;
  const base::Clock* clock = nullptr;  // May be null.
  // How long a group may gather, from the start of the one before. Zero: not at all.
  absl::Duration gather_time = absl::ZeroDuration();
};

// The only one who writes: a thread with the write connection that commits in groups. A group is
// what has queued up while the one before was committed, so one fsync serves hundreds of requests.
// While many callers send at once, a group is given a moment to gather, which halves the commits,
// and with them the load, of a busy server; not once all who sent at a time lately are there, so
// that few callers who wait for their answers are never kept. Thread-safe.
//
// A write that fails is undone alone; a group whose commit fails fails every write in it, and the
// next group tries afresh: a full disk or a foreign lock needs no restart.
class Writer {
 public:
  Writer(std::unique_ptr<Connection> connection, Caches& caches, const WriterOptions& options);
  // Completes what is queued.
  ~Writer();

  // Reads what the writer remembers and starts its thread. Throws SQLite::Exception.
  void Start();
  // At most 16.
  void AddObserver(StoreObserver* observer) EXCLUDES(mutex_);

  // Runs `run(Transaction&)`, which returns a Status or StatusOr, on the writer's thread; `done`
  // gets its result after the commit, there, or at once here when the queue is full.
  template <typename Run, typename Result>
  void Submit(WriteSize size, Admission admission, Run run, absl::AnyInvocable<void(Result)> done) {
    Enqueue(std::make_unique<TypedRequest<Run, Result>>(size, admission, std::move(run),
                                                        std::move(done)));
  }

  // The same, waiting for the result. Not on the writer's thread.
  template <typename Run>
  auto Call(WriteSize size, Admission admission, Run run) {
    using Result = decltype(run(std::declval<Transaction&>()));
    std::promise<Result> promise;
    std::future<Result> future = promise.get_future();
    Submit<Run, Result>(size, admission, std::move(run),
                        [&promise](Result result) { promise.set_value(std::move(result)); });
    return future.get();
  }

  // Refuses further writes, and waits until those queued are completed. May be called twice.
  void Drain() EXCLUDES(mutex_);
  size_t QueueLength() const EXCLUDES(mutex_);
  // OK when the queue would take a write: not whether the disk would.
  absl::Status Accepts() const EXCLUDES(mutex_);
  WriterHealth Health() const EXCLUDES(mutex_);

 private:
  using Group = std::vector<std::unique_ptr<WriteRequest>>;

  template <typename RunFunction, typename Result>
  class TypedRequest final : public WriteRequest {
   public:
    TypedRequest(WriteSize size, Admission admission, RunFunction run,
                 absl::AnyInvocable<void(Result)> done)
        : WriteRequest(size, admission), run_(std::move(run)), done_(std::move(done)) {}
    absl::Status Run(Transaction& transaction) override {
      result_ = Guard([&]() -> Result { return run_(transaction); });
      return StatusOf(result_);
    }
    // Keeps no share of what it hands over: the receiver's thread owns it alone. A mere move of
    // `status` to a result that is the same error already would do nothing, and keep the share.
    void Complete(absl::Status status) override {
      if (!status.ok()) result_ = std::exchange(status, absl::OkStatus());
      done_(std::exchange(result_, Result(absl::UnknownError(""))));
    }

   private:
    static absl::Status StatusOf(const absl::Status& status) { return status; }
    template <typename T>
    static absl::Status StatusOf(const absl::StatusOr<T>& status_or) {
      return status_or.status();
    }

    RunFunction run_;
    absl::AnyInvocable<void(Result)> done_;
    Result result_ = absl::UnknownError("not run");
  };

  void Enqueue(std::unique_ptr<WriteRequest> request) EXCLUDES(mutex_);
  absl::Status Admit(const WriteRequest& request) const REQUIRES(mutex_);
  void Loop();
  // What is queued, up to a group's size. Empty: stop.
  Group NextGroup() EXCLUDES(mutex_);
  // What is queued is worth a commit without waiting for more.
  bool IsEnough() const REQUIRES(mutex_);
  // Waits while more is likely to come, and comes.
  void Gather(base::MutexLock& lock) REQUIRES(mutex_);
  void RunGroup(Group group);
  // Runs all and commits. `statuses` get what became of each; an error fails the whole group.
  absl::Status CommitGroup(const Group& group, std::vector<absl::Status>& statuses);
  absl::Status RunOne(WriteRequest& request, bool is_alone);
  void FailGroup(const Group& group, std::vector<absl::Status> statuses, absl::Status status);
  void NoteGroup(const Group& group, bool is_failing, std::string_view cause) EXCLUDES(mutex_);
  std::vector<StoreObserver*> Observers() const EXCLUDES(mutex_);
  void Notify(const Effects& effects);

  const std::unique_ptr<Connection> connection_;
  Transaction transaction_;
  const WriterOptions options_;

  mutable base::Mutex mutex_;
  std::condition_variable_any not_empty_;
  std::condition_variable_any idle_;
  std::deque<std::unique_ptr<WriteRequest>> queue_ GUARDED_BY(mutex_);
  size_t queue_bytes_ GUARDED_BY(mutex_) = 0;
  bool is_busy_ GUARDED_BY(mutex_) = false;
  bool is_draining_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  WriterHealth health_ GUARDED_BY(mutex_);
  std::vector<StoreObserver*> observers_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point last_group_start_ GUARDED_BY(mutex_);
  Crowd callers_ GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace campaigner::storage::sqlite

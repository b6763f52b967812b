#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/base/bounded_queue.h"

namespace campaigner::rpc {

// A fixed number of threads with a bounded queue before them, for what must not run on gRPC's own
// threads (there are two of them). Thread-safe.
class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;

  Executor(size_t thread_count, size_t queue_max);
  // Stops.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // False when the queue is full or the executor stopped; `task` is then untouched. An exception
  // that leaves a task is logged and goes no further.
  bool TryPost(Task&& task) { return queue_.TryPush(std::move(task)); }

  // Refuses further tasks, runs those inside, ends the threads. Not from a task. May be called
  // twice.
  void Stop();

 private:
  void Work();

  base::BoundedQueue<Task> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace campaigner::rpc

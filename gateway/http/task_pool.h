#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::http {

// Threads for what may block or takes long, made when needed and reused, up to a limit.
// Thread-safe.
class TaskPool {
 public:
  // Must not throw.
  using Task = absl::AnyInvocable<void()>;

  explicit TaskPool(size_t threads_max) : threads_max_(threads_max) {}
  // Lets what was posted finish.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False, with `task` untouched, when every thread is busy: a task never waits behind another.
  bool TryPost(Task&& task) EXCLUDES(mutex_);

 private:
  void Work() EXCLUDES(mutex_);

  const size_t threads_max_;
  base::Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  // Threads that wait for a task, less the tasks that wait for them.
  size_t idle_ GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace campaigner::gateway::http

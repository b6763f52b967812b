#include "gateway/http/task_pool.h"

#include <utility>

namespace campaigner::gateway::http {

TaskPool::~TaskPool() {
  std::vector<std::thread> threads;
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
}

bool TaskPool::TryPost(Task&& task) {
  base::MutexLock lock(mutex_);
  if (idle_ == 0) {
    if (threads_.size() >= threads_max_ || is_stopped_) return false;
    threads_.emplace_back([this] { Work(); });
    ++idle_;
  }
  --idle_;
  tasks_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

void TaskPool::Work() {
  while (true) {
    Task task;
    {
      base::MutexLock lock(mutex_);
      changed_.wait(lock, [this]() REQUIRES(mutex_) { return is_stopped_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
    // Its captures end before the thread counts as free.
    task = nullptr;
    base::MutexLock lock(mutex_);
    ++idle_;
  }
}

}  // namespace campaigner::gateway::http

#include "server/rpc/executor.h"

#include <exception>

#include "server/base/log.h"

namespace campaigner::rpc {

Executor::Executor(size_t thread_count, size_t queue_max) : queue_(queue_max) {
  threads_.reserve(thread_count);
  for (size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() { Stop(); }

void Executor::Stop() {
  queue_.Close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::Work() {
  while (std::optional<Task> task = queue_.Pop()) {
    try {
      (*task)();
    } catch (const std::exception& exception) {
      base::LogError("task_failed", {{"cause", exception.what()}});
    }
  }
}

}  // namespace campaigner::rpc

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "server/base/thread_annotations.h"

namespace campaigner::base {

// A queue of at most `capacity` items between threads. Thread-safe. Push never blocks: what does
// not fit is refused, so that pressure shows at the edge and not as memory.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

  // False when full or closed; `item` is then untouched.
  bool TryPush(T&& item) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (is_closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    not_empty_.notify_one();
    return true;
  }

  // Waits for an item. Empty once closed and drained.
  std::optional<T> Pop() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    not_empty_.wait(lock, [this]() REQUIRES(mutex_) { return is_closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  // Refuses further items; those inside are still handed out. May be called twice.
  void Close() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    is_closed_ = true;
    not_empty_.notify_all();
  }

  size_t size() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const size_t capacity_;
  mutable Mutex mutex_;
  std::condition_variable_any not_empty_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace campaigner::base

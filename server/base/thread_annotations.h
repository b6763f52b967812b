#pragma once

#include <mutex>

#include "absl/base/thread_annotations.h"

// Clang's thread-safety analysis over std::mutex. Not absl::Mutex: its Debian build is not
// instrumented, so the thread sanitizer reports false races behind it.
#if defined(__clang__)
#define CAMPAIGNER_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define CAMPAIGNER_THREAD_ATTRIBUTE(x)
#endif

// Abseil of 2022 still defines a GUARDED_BY of its own, and gRPC's headers include it.
#undef GUARDED_BY
#define GUARDED_BY(x) CAMPAIGNER_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) CAMPAIGNER_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) CAMPAIGNER_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace campaigner::base {

class CAMPAIGNER_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() CAMPAIGNER_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() CAMPAIGNER_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex for its scope. Works with std::condition_variable_any, which unlocks it while
// waiting.
class CAMPAIGNER_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CAMPAIGNER_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() CAMPAIGNER_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // For condition variables only.
  void lock() CAMPAIGNER_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.lock(); }
  void unlock() CAMPAIGNER_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace campaigner::base

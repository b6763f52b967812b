#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gateway/http/connection.h"
#include "server/base/bounded_queue.h"
#include "server/base/thread_annotations.h"

namespace campaigner::gateway::http {

// Runs connections, each on a thread of its own, up to a limit; threads are made when needed and
// reused. At the limit the connection that has been idle longest makes room; when none is idle, the
// newcomer is told 503, by a thread of its own, so that neither accepting nor serving waits for it.
// Thread-safe.
class ConnectionPool {
 public:
  explicit ConnectionPool(size_t connections_max);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Never blocks.
  void Serve(std::unique_ptr<Connection> connection) EXCLUDES(mutex_);
  // Idle connections end at once, others with the answer they are working on; waits for that at
  // most so long. Nothing may be served any more. May be called twice.
  void Stop(absl::Duration timeout) EXCLUDES(mutex_);

  size_t connections() const EXCLUDES(mutex_);
  size_t rejected() const { return rejected_; }

 private:
  using Shared = std::shared_ptr<Connection>;

  bool MakeRoom() REQUIRES(mutex_);
  void Work() EXCLUDES(mutex_);
  void TurnAway();

  const size_t connections_max_;
  std::atomic<size_t> rejected_ = 0;
  mutable base::Mutex mutex_;
  std::condition_variable_any changed_;
  // Waiting for a thread. At most as many as were asked to make room.
  std::list<Shared> waiting_ GUARDED_BY(mutex_);
  std::list<Shared> active_ GUARDED_BY(mutex_);
  // Connections asked to end, so that one is not asked twice.
  std::vector<const Connection*> leaving_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  base::BoundedQueue<Shared> rejects_;
  std::thread rejecter_;
};

}  // namespace campaigner::gateway::http

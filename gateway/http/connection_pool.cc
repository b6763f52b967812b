#include "gateway/http/connection_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace campaigner::gateway::http {
namespace {

// Newcomers that wait to be told 503; more are closed without a word.
constexpr size_t kRejectsMax = 64;

}  // namespace

ConnectionPool::ConnectionPool(size_t connections_max)
    : connections_max_(connections_max), rejects_(kRejectsMax), rejecter_([this] { TurnAway(); }) {}

ConnectionPool::~ConnectionPool() { Stop(absl::ZeroDuration()); }

void ConnectionPool::Serve(std::unique_ptr<Connection> connection) {
  Shared shared = std::move(connection);
  {
    base::MutexLock lock(mutex_);
    if (is_stopped_) return;
    const bool has_room = active_.size() + waiting_.size() < connections_max_;
    if (has_room || MakeRoom()) {
      waiting_.push_back(std::move(shared));
      // Threads that are not serving are waiting for work, or about to.
      if (threads_.size() < connections_max_ &&
          threads_.size() < active_.size() + waiting_.size()) {
        threads_.emplace_back([this] { Work(); });
      }
      changed_.notify_one();
      return;
    }
  }
  ++rejected_;
  // When even this queue is full, the newcomer is closed with its last owner, here.
  (void)rejects_.TryPush(std::move(shared));
}

bool ConnectionPool::MakeRoom() {
  Connection* longest = nullptr;
  std::chrono::steady_clock::duration longest_time{};
  for (const Shared& connection : active_) {
    const auto idle = connection->IdleTime();
    const bool is_leaving =
        std::find(leaving_.begin(), leaving_.end(), connection.get()) != leaving_.end();
    if (!idle || is_leaving || (longest != nullptr && *idle <= longest_time)) continue;
    longest = connection.get();
    longest_time = *idle;
  }
  if (longest == nullptr) return false;
  leaving_.push_back(longest);
  longest->Close();
  return true;
}

void ConnectionPool::Work() {
  while (true) {
    std::list<Shared> mine;
    {
      base::MutexLock lock(mutex_);
      changed_.wait(lock, [this]() REQUIRES(mutex_) { return is_stopped_ || !waiting_.empty(); });
      if (is_stopped_) return;
      active_.splice(active_.begin(), waiting_, waiting_.begin());
      mine.push_back(active_.front());
    }
    mine.front()->Run();
    {
      base::MutexLock lock(mutex_);
      std::erase(leaving_, mine.front().get());
      active_.remove(mine.front());
      changed_.notify_all();
    }
    // The socket closes here, outside of the lock.
  }
}

void ConnectionPool::TurnAway() {
  while (auto connection = rejects_.Pop()) {
    (*connection)->Reject(503, "all connections are taken: try again later");
  }
}

void ConnectionPool::Stop(absl::Duration timeout) {
  std::vector<std::thread> threads;
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    waiting_.clear();
    for (const Shared& connection : active_) connection->Close();
    changed_.notify_all();
    changed_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                      [this]() REQUIRES(mutex_) { return active_.empty(); });
    // What is still there is not listening: its socket goes away under it.
    for (const Shared& connection : active_) connection->Abort();
    threads.swap(threads_);
  }
  rejects_.Close();
  for (std::thread& thread : threads) thread.join();
  if (rejecter_.joinable()) rejecter_.join();
}

size_t ConnectionPool::connections() const {
  base::MutexLock lock(mutex_);
  return active_.size() + waiting_.size();
}

}  // namespace campaigner::gateway::http

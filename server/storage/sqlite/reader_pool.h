#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "server/base/thread_annotations.h"
#include "server/storage/sqlite/connection.h"

namespace campaigner::storage::sqlite {

// Read-only connections, lent one at a time. Thread-safe.
class ReaderPool {
 public:
  // Throws SQLite::Exception.
  ReaderPool(const std::string& path, int size);

  // Runs `function(Connection&)`, which returns a Status or StatusOr; waits while all connections
  // are lent. `function` must not borrow a second one. Each of its statements sees the latest
  // commit; they are short, because while one runs the write-ahead log cannot start over.
  template <typename Function>
  auto Read(Function&& function) -> decltype(function(std::declval<Connection&>())) {
    const Loan loan(*this);
    return Guard([&] { return function(*loan.connection); });
  }

 private:
  struct Loan {
    explicit Loan(ReaderPool& pool) : owner(pool), connection(pool.Borrow()) {}
    ~Loan() { owner.Return(std::move(connection)); }
    ReaderPool& owner;
    std::unique_ptr<Connection> connection;
  };
  std::unique_ptr<Connection> Borrow() EXCLUDES(mutex_);
  void Return(std::unique_ptr<Connection> connection) EXCLUDES(mutex_);

  base::Mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::unique_ptr<Connection>> free_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::storage::sqlite

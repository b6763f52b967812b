#include "server/storage/sqlite/reader_pool.h"

#include <utility>

namespace campaigner::storage::sqlite {
namespace {

// Enough for the inner pages of large trees; rows are mostly read once.
constexpr int kReaderCacheKib = 2048;

}  // namespace

ReaderPool::ReaderPool(const std::string& path, int size) {
  for (int i = 0; i < size; ++i) {
    free_.push_back(
        std::make_unique<Connection>(path, ConnectionOptions{.cache_kib = kReaderCacheKib}));
  }
}

std::unique_ptr<Connection> ReaderPool::Borrow() {
  base::MutexLock lock(mutex_);
  returned_.wait(lock, [this] { return !free_.empty(); });
  std::unique_ptr<Connection> connection = std::move(free_.back());
  free_.pop_back();
  return connection;
}

void ReaderPool::Return(std::unique_ptr<Connection> connection) {
  base::MutexLock lock(mutex_);
  free_.push_back(std::move(connection));
  returned_.notify_one();
}

}  // namespace campaigner::storage::sqlite

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/base/thread_annotations.h"

namespace campaigner::storage::sqlite {

// Rows kept in memory, as last committed. Holds at most two generations of `capacity` entries; what
// was not asked for during a whole generation goes. Thread-safe.
//
// The writer calls Put and Erase after its commit. A reader that finds nothing takes Version, reads
// the row and offers it with PutLoaded, which is refused if anything was committed since: so an old
// row never replaces a new one.
template <typename Key, typename Value>
class Cache {
 public:
  explicit Cache(size_t capacity) : capacity_(capacity) {}

  std::optional<Value> Find(const Key& key) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (auto found = young_.find(key); found != young_.end()) return found->second;
    auto found = old_.find(key);
    if (found == old_.end()) return std::nullopt;
    Value value = found->second;
    Insert(key, value);
    return value;
  }

  uint64_t Version() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return version_;
  }

  void PutLoaded(const Key& key, Value value, uint64_t version) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (version == version_) Insert(key, std::move(value));
  }

  void Put(const Key& key, Value value) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++version_;
    Insert(key, std::move(value));
  }

  void Erase(const Key& key) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++version_;
    young_.erase(key);
    old_.erase(key);
  }

  void Clear() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++version_;
    young_.clear();
    old_.clear();
  }

 private:
  void Insert(const Key& key, Value value) REQUIRES(mutex_) {
    if (young_.size() >= capacity_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert_or_assign(key, std::move(value));
  }

  const size_t capacity_;
  base::Mutex mutex_;
  uint64_t version_ GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<Key, Value> young_ GUARDED_BY(mutex_);
  absl::flat_hash_map<Key, Value> old_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::storage::sqlite

#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace campaigner::storage::sqlite {

// How many callers wait for an answer at a time, now and at most lately. When as many wait as ever
// do, nobody else is about to come. Not thread-safe.
class Crowd {
 public:
  // Some tens of milliseconds of a busy writer.
  static constexpr int kGroupsRemembered = 16;

  void Come() { recent_ = std::max(recent_, ++waiting_); }
  void Go(size_t count) { waiting_ -= count; }

  // A group of writes is done: what was long ago counts no more.
  void OnGroup() {
    if (++groups_ < kGroupsRemembered) return;
    groups_ = 0;
    before_ = std::exchange(recent_, waiting_);
  }

  size_t waiting() const { return waiting_; }
  size_t most() const { return std::max(recent_, before_); }

 private:
  size_t waiting_ = 0;
  // The most in the present span of groups, and in the one before.
  size_t recent_ = 0;
  size_t before_ = 0;
  int groups_ = 0;
};

}  // namespace campaigner::storage::sqlite

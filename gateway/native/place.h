#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace campaigner::gateway::native {

// How many of a kind are open.
using OpenCount = std::shared_ptr<std::atomic<int>>;

// Counts one of them for as long as it lives.
class Place {
 public:
  Place(OpenCount open, int open_max) : open_(std::move(open)) {
    is_allowed_ = ++*open_ <= open_max;
  }
  ~Place() { --*open_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // Whether it is one of the `open_max` that may be.
  bool is_allowed() const { return is_allowed_; }

 private:
  const OpenCount open_;
  bool is_allowed_;
};

}  // namespace campaigner::gateway::native

#include "server/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace campaigner::base {
namespace {

// `item` is gone if the queue took it, and as it was if not.
bool Offer(BoundedQueue<std::unique_ptr<int>>& queue, std::unique_ptr<int>& item) {
  return queue.TryPush(std::move(item));
}

TEST(BoundedQueueTest, FirstInFirstOut) {
  BoundedQueue<int> queue(3);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(queue.TryPush(int{i}));
  EXPECT_EQ(queue.size(), 3u);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(queue.Pop(), i);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(BoundedQueueTest, AFullQueueRefusesAndLeavesTheItem) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  ASSERT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto item = std::make_unique<int>(2);
  EXPECT_FALSE(Offer(queue, item));
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*item, 2);
  EXPECT_EQ(**queue.Pop(), 1);
  EXPECT_TRUE(Offer(queue, item));
  EXPECT_EQ(**queue.Pop(), 2);
}

TEST(BoundedQueueTest, CloseRefusesAndStillHandsOut) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  ASSERT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  queue.Close();
  queue.Close();
  auto item = std::make_unique<int>(2);
  EXPECT_FALSE(Offer(queue, item));
  EXPECT_NE(item, nullptr);
  EXPECT_EQ(**queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueueTest, CloseWakesAllThatWait) {
  BoundedQueue<int> queue(1);
  std::vector<std::future<std::optional<int>>> waiting;
  waiting.reserve(4);
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::async(std::launch::async, [&queue] { return queue.Pop(); }));
  }
  queue.Close();
  for (auto& waiter : waiting) EXPECT_EQ(waiter.get(), std::nullopt);
}

TEST(BoundedQueueTest, PopWaitsForAPush) {
  BoundedQueue<int> queue(1);
  auto waiting = std::async(std::launch::async, [&queue] { return queue.Pop(); });
  EXPECT_TRUE(queue.TryPush(7));
  EXPECT_EQ(waiting.get(), 7);
}

TEST(BoundedQueueTest, ManyThreadsLoseAndDoubleNothing) {
  constexpr size_t kPushers = 3;
  constexpr size_t kPoppers = 3;
  constexpr size_t kItemsEach = 5000;
  BoundedQueue<int> queue(16);
  std::vector<std::future<std::vector<int>>> poppers;
  poppers.reserve(kPoppers);
  for (size_t p = 0; p < kPoppers; ++p) {
    poppers.push_back(std::async(std::launch::async, [&queue] {
      std::vector<int> items;
      while (const auto item = queue.Pop()) items.push_back(*item);
      return items;
    }));
  }
  std::atomic<bool> was_over_capacity = false;
  std::vector<std::thread> pushers;
  pushers.reserve(kPushers);
  for (size_t p = 0; p < kPushers; ++p) {
    pushers.emplace_back([&queue, &was_over_capacity, p] {
      for (size_t i = 0; i < kItemsEach; ++i) {
        while (!queue.TryPush(static_cast<int>(p * kItemsEach + i))) std::this_thread::yield();
        if (queue.size() > 16) was_over_capacity = true;
      }
    });
  }
  for (std::thread& pusher : pushers) pusher.join();
  queue.Close();
  std::vector<int> all;
  for (auto& popper : poppers) {
    const std::vector<int> items = popper.get();
    all.insert(all.end(), items.begin(), items.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<int> expected(kPushers * kItemsEach);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
  EXPECT_FALSE(was_over_capacity);
}

}  // namespace
}  // namespace campaigner::base

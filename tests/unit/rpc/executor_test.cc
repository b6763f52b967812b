#include "server/rpc/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace campaigner::rpc {
namespace {

TEST(ExecutorTest, RunsWhatIsInsideBeforeItStops) {
  std::atomic<int> runs = 0;
  Executor executor(2, 100);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(executor.TryPost([&runs] { ++runs; }));
  }
  executor.Stop();
  EXPECT_EQ(runs, 100);
}

TEST(ExecutorTest, RefusesWhatDoesNotFitAndLeavesItUntouched) {
  std::promise<void> started;
  std::promise<void> release;
  Executor executor(1, 1);
  ASSERT_TRUE(executor.TryPost([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  ASSERT_TRUE(executor.TryPost([] {}));  // The queue's only place.

  bool was_run = false;
  Executor::Task refused = [&was_run] { was_run = true; };
  EXPECT_FALSE(executor.TryPost(std::move(refused)));
  refused();  // Still there for the caller to run, or to answer for.
  EXPECT_TRUE(was_run);
  release.set_value();
}

TEST(ExecutorTest, OutlivesAnException) {
  std::promise<void> next;
  Executor executor(1, 10);
  ASSERT_TRUE(executor.TryPost([] { throw std::runtime_error("broken"); }));
  ASSERT_TRUE(executor.TryPost([&next] { next.set_value(); }));
  next.get_future().wait();
}

TEST(ExecutorTest, TakesNothingAfterStop) {
  Executor executor(1, 10);
  executor.Stop();
  executor.Stop();
  EXPECT_FALSE(executor.TryPost([] {}));
}

}  // namespace
}  // namespace campaigner::rpc

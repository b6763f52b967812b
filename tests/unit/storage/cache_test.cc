#include "server/storage/sqlite/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/support/threads.h"

namespace campaigner::storage::sqlite {
namespace {

TEST(CacheTest, WhatIsUsedStaysAndTheRestGoes) {
  Cache<int, std::string> cache(2);
  cache.Put(1, "one");
  for (int key = 2; key < 20; ++key) {
    cache.Put(key, "other");
    EXPECT_EQ(cache.Find(1), "one") << key;
  }
  EXPECT_EQ(cache.Find(2), std::nullopt);
}

TEST(CacheTest, AnOldRowDoesNotReplaceANewOne) {
  Cache<int, std::string> cache(2);
  const uint64_t version = cache.Version();
  cache.Put(1, "new");
  cache.PutLoaded(1, "old", version);
  EXPECT_EQ(cache.Find(1), "new");
  cache.Erase(1);
  EXPECT_EQ(cache.Find(1), std::nullopt);
  cache.PutLoaded(1, "loaded", cache.Version());
  EXPECT_EQ(cache.Find(1), "loaded");
  cache.Clear();
  EXPECT_EQ(cache.Find(1), std::nullopt);
}

// One writes as the writer does, the others read and offer what they loaded: nobody ever sees a
// value older than one that was there before.
TEST(CacheTest, ManyThreadsNeverSeeAnOldRowAgain) {
  constexpr int kValues = 20'000;
  Cache<int, int> cache(2);
  // What is on disk: the writer's commit goes before its Put.
  std::atomic<int> committed = 0;
  std::atomic<int> published = 0;
  testing::InThreads(4, [&](int thread) {
    if (thread == 0) {
      for (int value = 1; value <= kValues; ++value) {
        committed = value;
        if (value % 7 == 0) {
          cache.Erase(1);
        } else {
          cache.Put(1, value);
        }
        published = value;
      }
      return;
    }
    while (published < kValues) {
      const int oldest = published;
      std::optional<int> seen = cache.Find(1);
      if (!seen.has_value()) {
        const uint64_t version = cache.Version();
        seen = committed.load();
        cache.PutLoaded(1, *seen, version);
      }
      ASSERT_GE(*seen, oldest);
      cache.Put(100 + thread, 0);  // Makes generations go by.
    }
  });
}

}  // namespace
}  // namespace campaigner::storage::sqlite

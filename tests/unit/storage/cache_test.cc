#include "server/storage/sqlite/cache.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace campaigner::storage::sqlite

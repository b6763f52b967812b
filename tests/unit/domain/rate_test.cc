#include "server/domain/rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace campaigner::domain {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);
constexpr absl::Duration kSecond = absl::Seconds(1);

struct Gone {
  absl::Time time;
  int64_t units;
};

// The most units that any window of `period` saw.
int64_t FullestWindow(const std::vector<Gone>& gone, absl::Duration period) {
  int64_t fullest = 0;
  int64_t units = 0;
  size_t first = 0;
  for (const Gone& last : gone) {
    units += last.units;
    for (; gone[first].time + period <= last.time; ++first) units -= gone[first].units;
    fullest = std::max(fullest, units);
  }
  return fullest;
}

TEST(RateLimiterTest, WithoutLimitEverythingGoes) {
  RateLimiter limiter(0, kSecond, 10, kStart);
  EXPECT_EQ(limiter.Take(1'000'000, kStart), 1'000'000);
  EXPECT_EQ(limiter.NextAvailable(kStart), kStart);
  limiter.GiveBack(5);
  EXPECT_EQ(limiter.Take(0, kStart), 0);
  EXPECT_EQ(limiter.Take(-1, kStart), 0);
}

TEST(RateLimiterTest, HandsOutEvenPackets) {
  // 100 a second in packets of 10: one every 100 ms, the first after 100 ms.
  RateLimiter limiter(100, kSecond, 10, kStart);
  absl::Time now = kStart;
  EXPECT_EQ(limiter.Take(50, now), 0);
  for (int i = 1; i <= 50; ++i) {
    EXPECT_EQ(limiter.NextAvailable(now), kStart + i * absl::Milliseconds(100));
    now = limiter.NextAvailable(now);
    EXPECT_EQ(limiter.Take(50, now - absl::Microseconds(1)), 0) << i;
    EXPECT_EQ(limiter.Take(50, now), 10) << i;
    EXPECT_EQ(limiter.Take(50, now), 0) << i;
  }
}

TEST(RateLimiterTest, SmallTakesWaitForTheirOwnShareOnly) {
  RateLimiter limiter(100, kSecond, 10, kStart);
  const absl::Time now = kStart + kSecond;
  EXPECT_EQ(limiter.Take(3, now), 3);
  EXPECT_EQ(limiter.NextAvailable(now), now + absl::Milliseconds(30));
  const absl::Time later = now + absl::Milliseconds(30);
  EXPECT_EQ(limiter.Take(1, later), 1);
  EXPECT_EQ(limiter.NextAvailable(later), now + absl::Milliseconds(40));
}

TEST(RateLimiterTest, AnIdleTimeIsNotMadeUpFor) {
  RateLimiter limiter(100, kSecond, 10, kStart);
  const absl::Time now = kStart + absl::Hours(10);
  EXPECT_EQ(limiter.Take(1000, now), 10);
  EXPECT_EQ(limiter.Take(1000, now), 0);
  EXPECT_EQ(limiter.NextAvailable(now), now + absl::Milliseconds(100));
}

TEST(RateLimiterTest, APacketIsNeverMoreThanTheLimit) {
  RateLimiter limiter(3, absl::Hours(1), 10, kStart);
  EXPECT_EQ(limiter.NextAvailable(kStart), kStart + absl::Hours(1));
  EXPECT_EQ(limiter.Take(10, kStart + absl::Hours(1)), 3);
  EXPECT_EQ(limiter.NextAvailable(kStart + absl::Hours(1)), kStart + absl::Hours(2));
}

TEST(RateLimiterTest, GivenBackUnitsMayGoAtOnce) {
  RateLimiter limiter(100, kSecond, 10, kStart);
  const absl::Time now = kStart + kSecond;
  ASSERT_EQ(limiter.Take(10, now), 10);
  limiter.GiveBack(4);
  EXPECT_EQ(limiter.NextAvailable(now), now + absl::Milliseconds(60));
  limiter.GiveBack(100);  // No more than was taken.
  EXPECT_EQ(limiter.NextAvailable(now), now);
  EXPECT_EQ(limiter.Take(10, now), 10);
  ASSERT_EQ(limiter.Take(10, now), 0);
  limiter.GiveBack(10);  // The last Take gave nothing.
  EXPECT_EQ(limiter.Take(10, now), 0);
}

TEST(RateLimiterTest, AClockSetBackDoesNotStopIt) {
  RateLimiter limiter(100, kSecond, 10, kStart);
  ASSERT_EQ(limiter.Take(10, kStart + kSecond), 10);
  const absl::Time back = kStart - absl::Hours(3);
  EXPECT_EQ(limiter.NextAvailable(back), back + absl::Milliseconds(100));
  EXPECT_EQ(limiter.Take(10, back), 0);
  EXPECT_EQ(limiter.NextAvailable(back), back + absl::Milliseconds(100));
  EXPECT_EQ(limiter.Take(10, back + absl::Milliseconds(100)), 10);
}

struct Setting {
  int64_t limit;
  absl::Duration period;
  int64_t packet;
};
const Setting kSettings[] = {
    {1, kSecond, 10},    {7, kSecond, 10},           {10, kSecond, 10},
    {15, kSecond, 10},   {100, kSecond, 10},         {101, kSecond, 7},
    {1000, kSecond, 10}, {997, absl::Minutes(1), 1}, {30, absl::Hours(1), 10},
    {5000, kSecond, 10}, {100'000, kSecond, 100},    {50'000, absl::Hours(24), 10},
    {4096, kSecond, 64}, {20'480, kSecond, 1000},    {3, absl::Milliseconds(7), 2},
};

// Whoever takes as fast as it may gets the rate, and no window sees more.
TEST(RateLimiterTest, GreedyTakesReachTheRateAndNotMore) {
  for (const Setting& s : kSettings) {
    RateLimiter limiter(s.limit, s.period, s.packet, kStart);
    std::vector<Gone> gone;
    int64_t total = 0;
    absl::Time now = limiter.NextAvailable(kStart);
    const absl::Time end = now + 20 * s.period;
    while (now < end) {
      const int64_t units = limiter.Take(s.packet, now);
      ASSERT_GT(units, 0) << "NextAvailable promised it";
      gone.push_back({now, units});
      total += units;
      now = limiter.NextAvailable(now);
    }
    EXPECT_LE(FullestWindow(gone, s.period), s.limit) << s.limit;
    EXPECT_GE(total, 20 * s.limit * 99 / 100) << s.limit << " per " << s.period;
  }
}

// A caller that comes every few milliseconds, late for every packet, still gets the rate.
TEST(RateLimiterTest, LateCallersKeepTheRate) {
  RateLimiter limiter(100, kSecond, 10, kStart);
  std::vector<Gone> gone;
  int64_t total = 0;
  for (absl::Time now = kStart; now < kStart + 100 * kSecond; now += absl::Milliseconds(7)) {
    const int64_t units = limiter.Take(10, now);
    if (units > 0) gone.push_back({now, units});
    total += units;
  }
  EXPECT_LE(FullestWindow(gone, kSecond), 100);
  EXPECT_GE(total, 98 * 100);
}

TEST(RateLimiterTest, NoWindowEverExceedsTheLimit) {
  std::mt19937 random(3);
  const auto below = [&](int64_t limit) {
    return std::uniform_int_distribution<int64_t>(0, limit - 1)(random);
  };
  for (const Setting& s : kSettings) {
    for (int round = 0; round < 20; ++round) {
      RateLimiter limiter(s.limit, s.period, s.packet, kStart);
      std::vector<Gone> gone;
      absl::Time now = kStart;
      for (int i = 0; i < 1000; ++i) {
        switch (random() % 3) {
          case 0: now = limiter.NextAvailable(now); break;
          case 1: now += s.period * (random() % 1000) / (200 * s.limit); break;
          default: now += random() % 50 == 0 ? s.period : absl::Microseconds(random() % 3); break;
        }
        const absl::Time next = limiter.NextAvailable(now);
        ASSERT_GE(next, now);
        const int64_t wanted = below(s.packet + 2) + 1;
        int64_t units = limiter.Take(wanted, now);
        ASSERT_EQ(units > 0, next == now) << "limit " << s.limit << ", step " << i;
        ASSERT_LE(units, std::min(wanted, s.packet));
        if (units > 0 && random() % 4 == 0) {
          const int64_t back = below(units) + 1;
          limiter.GiveBack(back);
          units -= back;
        }
        if (units > 0) gone.push_back({now, units});
      }
      ASSERT_LE(FullestWindow(gone, s.period), s.limit) << s.limit << " per " << s.period;
    }
  }
}

}  // namespace
}  // namespace campaigner::domain

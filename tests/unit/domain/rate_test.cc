#include "server/domain/rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
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

// Units go as far as they may, up to `wanted`.
int64_t TakeUpTo(RateLimiter& limiter, int64_t wanted, absl::Time now) {
  const int64_t units = std::min(wanted, limiter.Available(now));
  limiter.Take(units, now);
  return units;
}

RateLimiter Fresh(int64_t limit, absl::Duration period, int64_t packet) {
  return RateLimiter({.limit = limit, .period = period, .packet = packet}, absl::InfinitePast());
}

TEST(RateLimiterTest, HandsOutEvenPackets) {
  // 100 a second in packets of 10: one every 100 ms, the first at once.
  RateLimiter limiter = Fresh(100, kSecond, 10);
  absl::Time now = kStart;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(limiter.NextAvailable(now), kStart + i * absl::Milliseconds(100));
    now = limiter.NextAvailable(now);
    if (i > 0) {
      EXPECT_EQ(limiter.Available(now - absl::Microseconds(1)), 0) << i;
    }
    EXPECT_EQ(TakeUpTo(limiter, 50, now), 10) << i;
    EXPECT_EQ(limiter.Available(now), 0) << i;
  }
}

TEST(RateLimiterTest, SmallTakesWaitForTheirOwnShareOnly) {
  RateLimiter limiter = Fresh(100, kSecond, 10);
  EXPECT_EQ(TakeUpTo(limiter, 3, kStart), 3);
  const absl::Time later = kStart + absl::Milliseconds(30);
  EXPECT_EQ(limiter.NextAvailable(kStart), later);
  EXPECT_EQ(TakeUpTo(limiter, 1, later), 1);
  EXPECT_EQ(limiter.NextAvailable(later), later + absl::Milliseconds(10));
}

TEST(RateLimiterTest, AnIdleTimeIsNotMadeUpFor) {
  RateLimiter limiter = Fresh(100, kSecond, 10);
  EXPECT_EQ(TakeUpTo(limiter, 1000, kStart), 10);
  const absl::Time now = kStart + absl::Hours(10);
  EXPECT_EQ(TakeUpTo(limiter, 1000, now), 10);
  EXPECT_EQ(limiter.NextAvailable(now), now + absl::Milliseconds(100));
}

TEST(RateLimiterTest, APacketIsNeverMoreThanTheLimit) {
  RateLimiter limiter = Fresh(3, absl::Hours(1), 10);
  EXPECT_EQ(TakeUpTo(limiter, 10, kStart), 3);
  EXPECT_EQ(limiter.NextAvailable(kStart), kStart + absl::Hours(1));
}

TEST(RateLimiterTest, APieceIsNotSplit) {
  RateLimiter limiter = Fresh(10, kSecond, 1);
  EXPECT_EQ(limiter.Available(kStart, 4), 4);
  limiter.Take(4, kStart);
  EXPECT_EQ(limiter.NextAvailable(kStart, 4), kStart + absl::Milliseconds(400));
  limiter.Take(4, kStart + absl::Milliseconds(400));
  // Spacing alone would let the third go after 800 ms, but then there would be twelve in a second.
  const absl::Time now = kStart + absl::Milliseconds(800);
  EXPECT_EQ(limiter.Available(now, 4), 0);
  EXPECT_EQ(limiter.Available(now, 2), 2);
  EXPECT_EQ(limiter.NextAvailable(now, 4), kStart + kSecond);
}

TEST(RateLimiterTest, APieceOfMoreThanTheLimitGoesAlone) {
  RateLimiter limiter = Fresh(5, kSecond, 1);
  limiter.Take(1, kStart);
  const absl::Time alone = kStart + kSecond;
  EXPECT_EQ(limiter.NextAvailable(kStart, 8), alone);
  EXPECT_EQ(limiter.Available(alone - absl::Microseconds(1), 8), 0);
  ASSERT_EQ(limiter.Available(alone, 8), 8);
  limiter.Take(8, alone);
  EXPECT_EQ(limiter.NextAvailable(alone), alone + kSecond);
}

TEST(RateLimiterTest, AClockSetBackDoesNotStopIt) {
  RateLimiter limiter = Fresh(100, kSecond, 10);
  limiter.Take(10, kStart);
  const absl::Time back = kStart - absl::Hours(3);
  EXPECT_EQ(limiter.NextAvailable(back), back + absl::Milliseconds(100));
  EXPECT_EQ(TakeUpTo(limiter, 10, back), 0);
  EXPECT_EQ(TakeUpTo(limiter, 10, back + absl::Milliseconds(100)), 10);
}

// Two readings of one clock may come in the wrong order: that costs nothing.
TEST(RateLimiterTest, AStepBackChangesNothing) {
  RateLimiter limiter = Fresh(100, kSecond, 10);
  for (int i = 0; i < 9; ++i) limiter.Take(10, kStart + i * absl::Milliseconds(100));
  const absl::Time last = kStart + absl::Milliseconds(800);
  EXPECT_EQ(limiter.Available(last - absl::Milliseconds(5)), 0);
  EXPECT_EQ(limiter.NextAvailable(last - absl::Milliseconds(5)), last + absl::Milliseconds(100));
  EXPECT_EQ(limiter.Available(last + absl::Milliseconds(100)), 10);
}

TEST(RateLimiterTest, AChangedLimitRemembersWhatWent) {
  RateLimiter limiter = Fresh(100, kSecond, 10);
  limiter.Take(10, kStart);
  limiter.Change({.limit = 10, .period = kSecond, .packet = 1}, kStart);
  EXPECT_EQ(limiter.NextAvailable(kStart), kStart + kSecond) << "ten went just now";
  // What is older than the former period may have been anything.
  limiter.Change({.limit = 10, .period = absl::Hours(1), .packet = 1}, kStart + absl::Minutes(1));
  EXPECT_GT(limiter.NextAvailable(kStart + absl::Minutes(1)), kStart + absl::Minutes(15));
  EXPECT_LE(limiter.NextAvailable(kStart + absl::Minutes(1)), kStart + absl::Hours(1));
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
    RateLimiter limiter = Fresh(s.limit, s.period, s.packet);
    std::vector<Gone> gone;
    int64_t total = 0;
    absl::Time now = kStart;
    const absl::Time end = now + 20 * s.period;
    while (now < end) {
      const int64_t units = TakeUpTo(limiter, s.packet, now);
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
  RateLimiter limiter = Fresh(100, kSecond, 10);
  std::vector<Gone> gone;
  int64_t total = 0;
  for (absl::Time now = kStart; now < kStart + 100 * kSecond; now += absl::Milliseconds(7)) {
    const int64_t units = TakeUpTo(limiter, 10, now);
    if (units > 0) gone.push_back({now, units});
    total += units;
  }
  EXPECT_LE(FullestWindow(gone, kSecond), 100);
  EXPECT_GE(total, 98 * 100);
}

class Chance {
 public:
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  bool OneIn(int64_t n) { return Between(1, n) == 1; }

 private:
  std::mt19937 engine_{3};
};

// Any limit, period, packet and pieces; callers that come when they like; processes that die and
// start again, at once or later, and know nothing: no window ever sees more than the limit, unless
// a single piece does, and then it is alone.
TEST(RateLimiterTest, NoWindowEverExceedsTheLimitAlsoOverRestarts) {
  Chance chance;
  for (int round = 0; round < 400; ++round) {
    RateLimiter::Setting setting;
    setting.limit = chance.OneIn(3) ? chance.Between(1, 10) : chance.Between(1, 3000);
    setting.period = absl::Milliseconds(chance.Between(5, 100'000));
    setting.packet = chance.Between(1, 12);
    setting.piece_max = chance.OneIn(2) ? 1 : chance.Between(1, 8);
    std::optional<RateLimiter> limiter(std::in_place, setting, absl::InfinitePast());
    std::vector<Gone> gone;
    absl::Time now = kStart;
    for (int i = 0; i < 1500; ++i) {
      const int64_t piece = chance.Between(1, setting.piece_max);
      switch (chance.Between(1, 4)) {
        case 1:
        case 2: now = limiter->NextAvailable(now, piece); break;
        case 3: now += setting.period * chance.Between(0, 1000) / (200 * setting.limit); break;
        default:
          now += chance.OneIn(50) ? setting.period : absl::Microseconds(chance.Between(0, 2));
      }
      if (chance.OneIn(200)) {
        if (chance.OneIn(2)) now += setting.period * chance.Between(0, 150) / 100;
        limiter.emplace(setting, now);
      }
      const absl::Time next = limiter->NextAvailable(now, piece);
      ASSERT_GE(next, now);
      const int64_t available = limiter->Available(now, piece);
      ASSERT_EQ(available > 0, next == now) << "limit " << setting.limit << ", step " << i;
      if (available == 0) continue;
      ASSERT_GE(available, piece);
      const int64_t units = chance.Between(piece, available);
      limiter->Take(units, now);
      gone.push_back({now, units});
    }
    const int64_t most = std::max(setting.limit, setting.piece_max);
    ASSERT_LE(FullestWindow(gone, setting.period), most)
        << setting.limit << " per " << setting.period << ", pieces of " << setting.piece_max;
  }
}

// Pieces of several units too get the rate, but for what no window has room for.
TEST(RateLimiterTest, PiecesReachTheRate) {
  Chance chance;
  for (int round = 0; round < 100; ++round) {
    RateLimiter::Setting setting;
    setting.limit = chance.Between(20, 2000);
    setting.period = absl::Milliseconds(chance.Between(100, 100'000));
    setting.packet = chance.Between(1, 10);
    setting.piece_max = chance.Between(1, 6);
    RateLimiter limiter(setting, absl::InfinitePast());
    int64_t total = 0;
    absl::Time now = kStart;
    while (now < kStart + 20 * setting.period) {
      const int64_t piece = chance.Between(1, setting.piece_max);
      now = limiter.NextAvailable(now, piece);
      limiter.Take(piece, now);
      total += piece;
    }
    EXPECT_GE(total, 20 * (setting.limit - setting.piece_max) * 95 / 100)
        << setting.limit << " per " << setting.period << ", pieces of " << setting.piece_max;
  }
}

// A process that starts anew goes on at the rate, and loses no more than a few packets.
TEST(RateLimiterTest, ARestartCostsLittle) {
  const RateLimiter::Setting setting{.limit = 1000, .period = absl::Hours(24), .packet = 1};
  RateLimiter limiter(setting, kStart);
  EXPECT_LE(limiter.NextAvailable(kStart), kStart + absl::Minutes(8));
  // Long after the start everything is known.
  const absl::Time later = kStart + absl::Hours(24);
  EXPECT_EQ(limiter.NextAvailable(later), later);
}

}  // namespace
}  // namespace campaigner::domain

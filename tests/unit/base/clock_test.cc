#include "server/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace campaigner::base {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);
// Long enough for the slowest machine: only a failing test waits so long.
constexpr std::chrono::seconds kDeadline(60);

// A thread that sleeps once and says when it woke up.
class Sleeper {
 public:
  Sleeper(Clock& clock, WakeSignal& signal, absl::Time deadline)
      : woken_(std::async(std::launch::async, [&clock, &signal, deadline] {
          clock.SleepUntil(signal, deadline);
          return clock.Now();
        })) {}

  bool IsAwake() const {
    return woken_.wait_for(std::chrono::milliseconds(0)) == std::future_status::ready;
  }
  absl::Time WokenAt() {
    EXPECT_EQ(woken_.wait_for(kDeadline), std::future_status::ready);
    return woken_.get();
  }

 private:
  std::future<absl::Time> woken_;
};

TEST(SystemClockTest, HasMicrosecondsAndGoesOn) {
  SystemClock clock;
  const absl::Time first = clock.Now();
  EXPECT_EQ(first, absl::FromUnixMicros(absl::ToUnixMicros(first)));
  EXPECT_GE(clock.Now(), first);
}

TEST(SystemClockTest, SleepsUntilTheDeadline) {
  SystemClock clock;
  WakeSignal signal;
  const absl::Time deadline = clock.Now() + absl::Milliseconds(20);
  Sleeper sleeper(clock, signal, deadline);
  // The sleep is by the steady clock, the time by the other: they may differ by a trifle.
  EXPECT_GE(sleeper.WokenAt(), deadline - absl::Milliseconds(1));
}

TEST(SystemClockTest, ADeadlineInThePastDoesNotSleep) {
  SystemClock clock;
  WakeSignal signal;
  clock.SleepUntil(signal, absl::InfinitePast());
  clock.SleepUntil(signal, clock.Now());
}

TEST(SystemClockTest, ASignalEndsTheLongestSleep) {
  SystemClock clock;
  WakeSignal signal;
  Sleeper sleeper(clock, signal, absl::InfiniteFuture());
  signal.Notify();
  sleeper.WokenAt();
}

TEST(SystemClockTest, ASignalBeforeTheSleepCountsOnce) {
  SystemClock clock;
  WakeSignal signal;
  signal.Notify();
  signal.Notify();
  clock.SleepUntil(signal, absl::InfiniteFuture());
  // Lowered by the sleep before: this one ends by its deadline.
  const absl::Time deadline = clock.Now() + absl::Milliseconds(5);
  clock.SleepUntil(signal, deadline);
  EXPECT_GE(clock.Now(), deadline - absl::Milliseconds(1));
}

TEST(FakeClockTest, StandsStillUntilTold) {
  FakeClock clock(kStart);
  EXPECT_EQ(clock.Now(), kStart);
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(clock.Now(), kStart + absl::Hours(1));
  clock.Set(kStart + absl::Hours(2));
  EXPECT_EQ(clock.Now(), kStart + absl::Hours(2));
}

TEST(FakeClockTest, NeverGoesBack) {
  FakeClock clock(kStart);
  clock.Set(kStart - absl::Hours(1));
  EXPECT_EQ(clock.Now(), kStart);
  clock.Advance(-absl::Hours(1));
  EXPECT_EQ(clock.Now(), kStart);
}

TEST(FakeClockTest, ADeadlineReachedDoesNotSleep) {
  FakeClock clock(kStart);
  WakeSignal signal;
  clock.SleepUntil(signal, kStart);
  clock.SleepUntil(signal, absl::InfinitePast());
}

TEST(FakeClockTest, AdvanceWakesAtTheDeadlineAndNotBefore) {
  FakeClock clock(kStart);
  WakeSignal signal;
  Sleeper sleeper(clock, signal, kStart + absl::Hours(2));
  clock.Advance(absl::Hours(1));
  clock.Advance(absl::Minutes(59));
  EXPECT_FALSE(sleeper.IsAwake());
  clock.Advance(absl::Minutes(1));
  EXPECT_EQ(sleeper.WokenAt(), kStart + absl::Hours(2));
}

TEST(FakeClockTest, ASignalWakesWithoutTimePassing) {
  FakeClock clock(kStart);
  WakeSignal signal;
  Sleeper sleeper(clock, signal, absl::InfiniteFuture());
  signal.Notify();
  EXPECT_EQ(sleeper.WokenAt(), kStart);
}

TEST(FakeClockTest, EverySleeperWakesAtItsOwnTime) {
  FakeClock clock(kStart);
  std::vector<WakeSignal> signals(8);
  std::vector<Sleeper> sleepers;
  for (size_t i = 0; i < signals.size(); ++i) {
    sleepers.emplace_back(clock, signals[i], kStart + absl::Hours(1 + static_cast<int>(i)));
  }
  for (size_t i = 0; i < signals.size(); ++i) {
    clock.Advance(absl::Hours(1));
    EXPECT_EQ(sleepers[i].WokenAt(), clock.Now());
    for (size_t later = i + 1; later < signals.size(); ++later) {
      EXPECT_FALSE(sleepers[later].IsAwake()) << later;
    }
  }
}

// A loop as the server has them: if it missed a single step or signal, it would sleep for ever.
TEST(FakeClockTest, ALoopMissesNeitherTimeNorSignal) {
  constexpr int kRounds = 2000;
  FakeClock clock(kStart);
  WakeSignal signal;
  WakeSignal ready;
  const auto by_time = [](int round) { return round % 2 == 0; };
  std::thread loop([&] {
    for (int i = 0; i < kRounds; ++i) {
      const absl::Time next = clock.Now() + absl::Seconds(1);
      ready.Notify();
      clock.SleepUntil(signal, by_time(i) ? next : absl::InfiniteFuture());
    }
  });
  SystemClock real;
  for (int i = 0; i < kRounds; ++i) {
    real.SleepUntil(ready, absl::InfiniteFuture());
    if (by_time(i)) {
      clock.Advance(absl::Seconds(1));
    } else {
      signal.Notify();
    }
  }
  loop.join();
  EXPECT_EQ(clock.Now(), kStart + kRounds / 2 * absl::Seconds(1));
}

}  // namespace
}  // namespace campaigner::base

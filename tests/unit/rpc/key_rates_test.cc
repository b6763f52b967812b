#include "server/rpc/key_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "server/base/error.h"
#include "tests/support/status_matchers.h"
#include "tests/support/threads.h"

namespace campaigner::rpc {
namespace {

using testing::HasReason;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(KeyRatesTest, NoLimitIsNoLimit) {
  KeyRates rates;
  for (int i = 0; i < 100; ++i) EXPECT_OK(rates.Take(1, 0, 10'000, kNow));
}

TEST(KeyRatesTest, ASecondsWorthGoesAtOnceAndThenAtTheRate) {
  KeyRates rates;
  for (int i = 0; i < 10; ++i) EXPECT_OK(rates.Take(1, 10, 1, kNow));
  const absl::Status refused = rates.Take(1, 10, 1, kNow);
  EXPECT_THAT(refused, HasReason("RATE_EXCEEDED"));
  EXPECT_EQ(base::GetErrorDetail(refused).retry_after, absl::Milliseconds(100));
  EXPECT_OK(rates.Take(1, 10, 1, kNow + absl::Milliseconds(100)));
  EXPECT_THAT(rates.Take(1, 10, 1, kNow + absl::Milliseconds(199)), HasReason("RATE_EXCEEDED"));
}

TEST(KeyRatesTest, WhatIsGivenBackMayGoAtOnce) {
  KeyRates rates;
  rates.GiveBack(1, 10, 10);
  EXPECT_OK(rates.Take(1, 10, 10, kNow));
  EXPECT_THAT(rates.Take(1, 10, 1, kNow), HasReason("RATE_EXCEEDED"));
  rates.GiveBack(1, 10, 4);
  EXPECT_OK(rates.Take(1, 10, 4, kNow));
  EXPECT_THAT(rates.Take(1, 10, 1, kNow), HasReason("RATE_EXCEEDED"));
  rates.GiveBack(2, 0, 1);
}

TEST(KeyRatesTest, HoldsInTheLongRun) {
  KeyRates rates;
  int64_t taken = 0;
  for (int ms = 0; ms < 60'000; ++ms) {
    if (rates.Take(1, 100, 7, kNow + absl::Milliseconds(ms)).ok()) taken += 7;
  }
  EXPECT_LE(taken, 61 * 100);
  EXPECT_GE(taken, 59 * 100);
}

TEST(KeyRatesTest, ABatchAboveTheRateGoesOnceAndIsPaidOff) {
  KeyRates rates;
  EXPECT_OK(rates.Take(1, 100, 1'000, kNow));
  const absl::Status refused = rates.Take(1, 100, 1'000, kNow + absl::Seconds(1));
  EXPECT_EQ(base::GetErrorDetail(refused).retry_after, absl::Seconds(9));
  EXPECT_OK(rates.Take(1, 100, 1'000, kNow + absl::Seconds(10)));
}

TEST(KeyRatesTest, KeysDoNotShare) {
  KeyRates rates;
  EXPECT_OK(rates.Take(1, 1, 1, kNow));
  EXPECT_OK(rates.Take(2, 1, 1, kNow));
  EXPECT_THAT(rates.Take(1, 1, 1, kNow), HasReason("RATE_EXCEEDED"));
}

TEST(KeyRatesTest, ForgetsOnlyThoseWhoOweNothing) {
  KeyRates rates;
  EXPECT_OK(rates.Take(1, 1, 3'600, kNow));
  for (int key = 2; key < 30'000; ++key) {
    EXPECT_OK(rates.Take(key, 1'000, 1, kNow + absl::Seconds(key % 7)));
  }
  EXPECT_THAT(rates.Take(1, 1, 1, kNow + absl::Minutes(1)), HasReason("RATE_EXCEEDED"));
}

TEST(KeyRatesTest, ManyThreadsGetNoMoreThanTheRate) {
  KeyRates rates;
  std::atomic<int> taken = 0;
  testing::InThreads(4, [&](int thread) {
    for (int i = 0; i < 1000; ++i) {
      if (rates.Take(1, 100, 1, kNow).ok()) ++taken;
      EXPECT_OK(rates.Take(2 + thread, 1000, 1, kNow));
    }
  });
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace campaigner::rpc

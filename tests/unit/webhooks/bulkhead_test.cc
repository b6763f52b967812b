#include "server/webhooks/bulkhead.h"

#include <gtest/gtest.h>

namespace campaigner::webhooks {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);
constexpr absl::Duration kQuick = absl::Milliseconds(5);
constexpr absl::Duration kSlow = absl::Seconds(30);

void Exchange(Bulkhead& bulkhead, ReceiverHealth health, absl::Duration elapsed, int times = 1) {
  for (int i = 0; i < times; ++i) {
    bulkhead.Begin();
    bulkhead.End(health, elapsed, kNow);
  }
}

TEST(BulkheadTest, HasAsManyPlacesAsItsLimit) {
  Bulkhead bulkhead({.start = 2});
  bulkhead.Begin();
  EXPECT_TRUE(bulkhead.HasPlace());
  bulkhead.Begin();
  EXPECT_FALSE(bulkhead.HasPlace());
  bulkhead.End(ReceiverHealth::kNotAsked, kQuick, kNow);
  EXPECT_TRUE(bulkhead.HasPlace());
  EXPECT_EQ(bulkhead.limit(), 2);
}

TEST(BulkheadTest, QuickAnswersOpenPlacesUpToTheMaximum) {
  Bulkhead bulkhead(BulkheadLimits{});
  EXPECT_FALSE(bulkhead.is_quick());
  Exchange(bulkhead, ReceiverHealth::kAnswers, kQuick, 10);
  EXPECT_EQ(bulkhead.limit(), 14);
  EXPECT_TRUE(bulkhead.is_quick());
  Exchange(bulkhead, ReceiverHealth::kAnswers, kQuick, 100);
  EXPECT_EQ(bulkhead.limit(), 64);
}

TEST(BulkheadTest, SlowAnswersLeadToTheSteadyLimit) {
  Bulkhead bulkhead(BulkheadLimits{});
  Exchange(bulkhead, ReceiverHealth::kAnswers, kQuick, 100);
  Exchange(bulkhead, ReceiverHealth::kAnswers, kSlow, 100);
  EXPECT_EQ(bulkhead.limit(), 8);
  EXPECT_FALSE(bulkhead.is_quick());
  Bulkhead newcomer(BulkheadLimits{});
  Exchange(newcomer, ReceiverHealth::kAnswers, kSlow, 100);
  EXPECT_EQ(newcomer.limit(), 8);
}

TEST(BulkheadTest, FailuresClosePlacesDownToOne) {
  Bulkhead bulkhead({.start = 64});
  Exchange(bulkhead, ReceiverHealth::kDead, kQuick);
  EXPECT_EQ(bulkhead.limit(), 32);
  Exchange(bulkhead, ReceiverHealth::kFails, kQuick, 10);
  EXPECT_EQ(bulkhead.limit(), 1);
}

TEST(BulkheadTest, PausesAfterThreeFailuresInARow) {
  Bulkhead bulkhead(BulkheadLimits{});
  Exchange(bulkhead, ReceiverHealth::kDead, kQuick, 2);
  EXPECT_EQ(bulkhead.paused_until(), absl::InfinitePast());
  EXPECT_FALSE(bulkhead.is_failing());
  Exchange(bulkhead, ReceiverHealth::kDead, kQuick);
  EXPECT_EQ(bulkhead.paused_until(), kNow + absl::Seconds(1));
  EXPECT_TRUE(bulkhead.is_failing());
  // Others of the same volley do not prolong it.
  Exchange(bulkhead, ReceiverHealth::kDead, kQuick, 5);
  EXPECT_EQ(bulkhead.paused_until(), kNow + absl::Seconds(1));
}

TEST(BulkheadTest, PausesDoubleUpToTheMaximumAndEndWithASuccess) {
  Bulkhead bulkhead(BulkheadLimits{});
  Exchange(bulkhead, ReceiverHealth::kDead, kQuick, 3);
  absl::Time now = kNow;
  for (const int seconds : {2, 4, 8, 16, 30, 30}) {
    now = bulkhead.paused_until();
    bulkhead.Begin();
    bulkhead.End(ReceiverHealth::kDead, kQuick, now);
    EXPECT_EQ(bulkhead.paused_until(), now + absl::Seconds(seconds));
  }
  Exchange(bulkhead, ReceiverHealth::kAnswers, kQuick);
  EXPECT_EQ(bulkhead.paused_until(), absl::InfinitePast());
  EXPECT_FALSE(bulkhead.is_failing());
}

}  // namespace
}  // namespace campaigner::webhooks

#include "server/operations/rates.h"

#include <gtest/gtest.h>

namespace campaigner::operations {
namespace {

using domain::OperationState;

class RatesTest : public ::testing::Test {
 protected:
  void Tell(int64_t units, OperationState state = OperationState::kRunning) {
    rates_.OnOperationsChanged({{.operation_id = 1, .state = state, .done_units = units}});
  }

  base::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  Rates rates_{clock_};
};

TEST_F(RatesTest, IsNotKnownBeforeTheSecondSample) {
  EXPECT_EQ(rates_.UnitsPerSecond(1), 0);
  Tell(0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(rates_.UnitsPerSecond(1), 0);
  Tell(50);
  EXPECT_DOUBLE_EQ(rates_.UnitsPerSecond(1), 50);
}

TEST_F(RatesTest, IsThatOfTheLastSeconds) {
  for (int second = 0; second <= 60; ++second) {
    Tell(second < 30 ? second * 1000 : 30'000 + (second - 30) * 10);
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_NEAR(rates_.UnitsPerSecond(1), 10, 1);
}

TEST_F(RatesTest, FallsWhileNothingIsDone) {
  Tell(0);
  clock_.Advance(absl::Seconds(1));
  Tell(100);
  clock_.Advance(absl::Seconds(9));
  EXPECT_DOUBLE_EQ(rates_.UnitsPerSecond(1), 10);
}

TEST_F(RatesTest, ManySamplesAtOnceTakeNoMoreRoomAndLoseNothing) {
  Tell(0);
  for (int i = 1; i <= 100'000; ++i) {
    clock_.Advance(absl::Microseconds(10));
    Tell(i);
  }
  EXPECT_NEAR(rates_.UnitsPerSecond(1), 100'000, 1);
}

TEST_F(RatesTest, AnEndedOperationIsForgotten) {
  Tell(0);
  clock_.Advance(absl::Seconds(1));
  Tell(10);
  Tell(10, OperationState::kDone);
  EXPECT_EQ(rates_.UnitsPerSecond(1), 0);
}

}  // namespace
}  // namespace campaigner::operations

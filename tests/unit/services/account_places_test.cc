#include "server/services/account_places.h"

#include <gtest/gtest.h>

namespace campaigner::services {
namespace {

TEST(AccountPlacesTest, NobodyTakesMoreThanAQuarter) {
  AccountPlaces places(8);
  EXPECT_TRUE(places.TryTake(1));
  EXPECT_TRUE(places.TryTake(1));
  EXPECT_FALSE(places.TryTake(1));
  for (const int64_t account : {2, 2, 3, 3, 4, 4}) EXPECT_TRUE(places.TryTake(account));
  EXPECT_EQ(places.taken(), 8u);
  EXPECT_FALSE(places.TryTake(5));
  places.Give(1);
  EXPECT_TRUE(places.TryTake(5));
  EXPECT_FALSE(places.TryTake(1));
}

}  // namespace
}  // namespace campaigner::services

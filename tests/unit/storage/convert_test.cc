#include "server/storage/sqlite/convert.h"

#include <gtest/gtest.h>

namespace campaigner::storage::sqlite {
namespace {

TEST(ConvertTest, IdsSurviveTheirBlob) {
  const std::vector<std::vector<int64_t>> cases = {
      {}, {1}, {127, 128, 129}, {1, 16384, 16385, int64_t{1} << 40}, {INT64_MAX}};
  for (const auto& ids : cases) EXPECT_EQ(IdsFromBlob(IdsToBlob(ids)), ids);
  EXPECT_EQ(IdsToBlob({1'000'000, 1'000'001, 1'000'002}).size(), 5u);
}

TEST(ConvertTest, ADamagedBlobIsReadToItsEnd) {
  EXPECT_TRUE(IdsFromBlob("\x80\x80").empty());
  EXPECT_FALSE(IdsFromBlob(std::string(20, '\xff') + "x").empty());
}

TEST(ConvertTest, FieldsSurviveJson) {
  EXPECT_EQ(FieldsToJson({}), std::nullopt);
  const domain::Fields fields = {{"a", ""}, {"b", "\"\\\n\u00e4"}};
  EXPECT_EQ(FieldsFromJson(*FieldsToJson(fields)), fields);
  EXPECT_TRUE(FieldsFromJson("").empty());
}

TEST(ConvertTest, AScheduleSurvivesItsText) {
  domain::WeeklySchedule schedule;
  schedule.hours.set(0).set(100).set(167);
  EXPECT_EQ(ScheduleFromText(ScheduleToText(schedule)), schedule);
  EXPECT_EQ(ScheduleToText(schedule).size(), 168u);
}

TEST(ConvertTest, AMaskHoldsItsStatesAndNoStatesMeanAll) {
  EXPECT_EQ(StateMask(std::vector<domain::MessageState>{}), -1);
  EXPECT_EQ(StateMask(std::vector{domain::MessageState::kAccepted, domain::MessageState::kSent}),
            0b1010);
}

}  // namespace
}  // namespace campaigner::storage::sqlite

#include "server/domain/recipient_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/domain/zone_table.h"

namespace campaigner::domain {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Names(std::string_view recipient) {
  std::vector<std::string> names;
  for (const absl::TimeZone& zone : RecipientZones(recipient)) names.push_back(zone.name());
  return names;
}

TEST(RecipientZoneTest, TheLongestPrefixTells) {
  EXPECT_THAT(Names("4915112345678"), ElementsAre("Europe/Berlin"));
  EXPECT_THAT(Names("8613812345678"), ElementsAre("Asia/Shanghai"));
  EXPECT_THAT(Names("12125550100"), ElementsAre("America/New_York"));
  EXPECT_THAT(Names("12135550100"), ElementsAre("America/Los_Angeles"));
  EXPECT_THAT(Names("18085550100"), ElementsAre("Pacific/Honolulu"));
}

TEST(RecipientZoneTest, ANumberMayAllowSeveralZones) {
  EXPECT_THAT(Names("447700900123"), Contains("Europe/London"));
  // Toll-free.
  const std::vector<std::string> free = Names("18005550100");
  EXPECT_THAT(free, Contains("America/New_York"));
  EXPECT_THAT(free, Contains("Pacific/Honolulu"));
  // A Russian mobile number may be anywhere in the country, and is not in Kazakhstan.
  const std::vector<std::string> mobile = Names("79201234567");
  EXPECT_THAT(mobile, Contains("Europe/Moscow"));
  EXPECT_THAT(mobile, Contains("Asia/Kamchatka"));
  EXPECT_THAT(mobile, Not(Contains("Asia/Almaty")));
}

TEST(RecipientZoneTest, OfWhatIsNoNumberNothingIsKnown) {
  for (const char* recipient : {"", "ann@example.com", "7a", "token-1234", "999123456789"}) {
    EXPECT_EQ(RecipientZoneSet(recipient), -1) << recipient;
    EXPECT_THAT(Names(recipient), IsEmpty()) << recipient;
  }
  EXPECT_EQ(RecipientZoneSet("49151ab"), -1);
  EXPECT_THAT(ZonesOfSet(zone_table::kSetCount), IsEmpty());
}

std::string DigitsOf(const zone_table::Prefix& prefix) {
  std::string digits;
  for (int i = 0; i < prefix.length; ++i) {
    digits += static_cast<char>('0' + ((prefix.key >> (4 * (14 - i))) & 0xF) - 1);
  }
  return digits;
}

// The search by halves finds what a look at every prefix finds.
TEST(RecipientZoneTest, AgreesWithASearchOfAllPrefixes) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string number;
    if (round % 2 == 0) {
      const auto index = random() % static_cast<size_t>(zone_table::kPrefixCount);
      number = DigitsOf(zone_table::kPrefixes[index]);
    }
    while (number.size() < 4 + random() % 11) number += static_cast<char>('0' + random() % 10);
    int expected = -1;
    size_t longest = 0;
    for (int i = 0; i < zone_table::kPrefixCount; ++i) {
      const std::string prefix = DigitsOf(zone_table::kPrefixes[i]);
      if (!number.starts_with(prefix) || prefix.size() < longest) continue;
      longest = prefix.size();
      expected = zone_table::kPrefixes[i].set;
    }
    ASSERT_EQ(RecipientZoneSet(number), expected) << number;
  }
}

TEST(RecipientZoneTest, TheSystemKnowsTheZones) {
  for (int set = 0; set < zone_table::kSetCount; ++set) {
    EXPECT_EQ(ZonesOfSet(set).size(), zone_table::kSets[set].count) << set;
  }
}

}  // namespace
}  // namespace campaigner::domain

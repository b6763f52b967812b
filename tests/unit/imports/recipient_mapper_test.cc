#include "server/imports/reading/recipient_mapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace campaigner::imports {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class RecipientMapperTest : public ::testing::Test {
 protected:
  bool Map(const std::vector<std::string_view>& cells, const char* channel = "sms") {
    RawRow row;
    row.number = 1;
    row.cells = cells;
    return Map(row, channel);
  }
  bool Map(const RawRow& row, const char* channel = "sms") {
    return RecipientMapper(phones_, format_, channel, "RU").Map(row, recipient_, problems_);
  }

  const domain::PhoneNormalizer phones_;
  Format format_;
  // What an earlier row left must not show.
  Recipient recipient_ = {"left", {{"left", "over"}}, "left"};
  std::vector<std::string> problems_ = {"left"};
};

TEST_F(RecipientMapperTest, ColumnsBecomeARecipient) {
  format_.address_column = 2;
  format_.external_id_column = 4;
  format_.fields = {{"name", 1}, {"city", 3}, {"again", 1}, {"missing", 9}};
  EXPECT_TRUE(Map({" Анна\u00A0", "8 (920) 123-45-67", "  ", "\tA-17 "}));
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(recipient_.address, "79201234567");
  EXPECT_THAT(recipient_.fields, ElementsAre(Pair("again", "Анна"), Pair("name", "Анна")));
  EXPECT_EQ(recipient_.external_id, "A-17");
}

TEST_F(RecipientMapperTest, MailChannelsTakeMailAddresses) {
  EXPECT_TRUE(Map({"Anna@Пример.рф"}, "email"));
  EXPECT_EQ(recipient_.address, "anna@xn--e1afmkfd.xn--p1ai");
  EXPECT_FALSE(Map({"79201234567"}, "email"));
  EXPECT_THAT(problems_, ElementsAre("column 1: is not an e-mail address: it has no @"));
  EXPECT_FALSE(Map({"anna@example.com"}, "viber"));
  EXPECT_THAT(problems_, ElementsAre("column 1: is not a phone number"));
}

// What spreadsheets make of numbers. Without the point, the first would be another valid number.
TEST_F(RecipientMapperTest, NumbersThatWereQuantitiesAreWholeOrRefused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"4915112345678.0", "4915112345678"},
      {"4915112345678.00", "4915112345678"},
      {"+4915112345678", "4915112345678"},
      {"'+4915112345678", "4915112345678"},
      {"'4915112345678", "4915112345678"},
      {"+49.151.12345678", "4915112345678"},
      {"8.920.123.45.67", "79201234567"},
      {"4915112345678.5", ""},
      {"4915112345678.05", ""},
      {"4.915112345678E+12", ""},
      {"+49.15112345678", "4915112345678"},
      {"''+4915112345678", ""},
  };
  for (const auto& [written, expected] : kCases) {
    EXPECT_EQ(Map({written}), *expected != '\0') << written;
    EXPECT_EQ(recipient_.address, expected) << written;
  }
}

TEST_F(RecipientMapperTest, AllProblemsOfARowAreNamed) {
  format_.address_column = 2;
  format_.external_id_column = 4;
  format_.fields = {{"field_2", 3}};
  std::string longest_value;
  for (int i = 0; i < 1000; ++i) longest_value += "ж";
  const std::string longest_id(128, 'i');
  EXPECT_TRUE(Map({"", "79201234567", longest_value, longest_id}));
  EXPECT_EQ(recipient_.fields["field_2"], longest_value);
  EXPECT_FALSE(Map({"", "12", longest_value + "ж", longest_id + "i"}));
  EXPECT_THAT(problems_, ElementsAre("column 2: is too short for a phone number",
                                     "column 3 (field_2): has more than 1000 characters",
                                     "column 4 (external id): has more than 128 characters"));
}

TEST_F(RecipientMapperTest, AddressesMustBeThere) {
  format_.address_column = 2;
  EXPECT_FALSE(Map({"Anna"}));
  EXPECT_THAT(problems_, ElementsAre("column 2: is missing"));
  EXPECT_FALSE(Map({"Anna", " \u00A0\t"}));
  EXPECT_THAT(problems_, ElementsAre("column 2: is empty"));
  EXPECT_TRUE(Map({"Anna", "79201234567"}));
}

TEST_F(RecipientMapperTest, DamagedRowsAreNotRead) {
  RawRow row;
  row.cells = {"79201234567"};
  row.problem = "has an unclosed quote";
  EXPECT_FALSE(Map(row));
  EXPECT_THAT(problems_, ElementsAre("the row has an unclosed quote"));
}

// Numbers as spreadsheets spoil them.
TEST_F(RecipientMapperTest, SpoiltNumbersAreRefused) {
  for (const char* spoilt : {"7.92012E+10", "79201234567.5", "#####"}) {
    EXPECT_FALSE(Map({spoilt})) << spoilt;
  }
}

}  // namespace
}  // namespace campaigner::imports

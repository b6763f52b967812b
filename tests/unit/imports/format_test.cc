#include "server/imports/reading/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "server/imports/reading/separator.h"
#include "tests/support/status_matchers.h"

namespace campaigner::imports {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(SeparatorTest, BackslashesAreReadAndWritten) {
  const struct {
    std::string typed;
    std::string meant;
  } cases[] = {{"", ""},         {";", ";"},
               {"\\t", "\t"},    {"\\r\\n", "\r\n"},
               {"\\\\n", "\\n"}, {"–|–", "–|–"},
               {"n", "n"},       {"a\\\\", "a\\"},
               {" ; ", " ; "},   {"1234567890123456", "1234567890123456"}};
  for (const auto& c : cases) {
    EXPECT_THAT(ParseSeparator(c.typed), IsOkAndHolds(c.meant)) << c.typed;
    EXPECT_EQ(WriteSeparator(c.meant), c.typed);
  }
  EXPECT_THAT(ParseSeparator("\t\n"), IsOkAndHolds("\t\n"));
}

TEST(SeparatorTest, WhatIsNoSeparatorIsRefused) {
  EXPECT_THAT(ParseSeparator("\\"),
              StatusIs(kInvalid, "has a backslash without n, r, t or \\ behind it"));
  EXPECT_THAT(ParseSeparator("\\x41"),
              StatusIs(kInvalid, "has a backslash without n, r, t or \\ behind it"));
  EXPECT_THAT(ParseSeparator("12345678901234567"),
              StatusIs(kInvalid, "must have at most 16 characters"));
  EXPECT_THAT(ParseSeparator("\xFF"), StatusIs(kInvalid, "is not valid UTF-8"));
  EXPECT_THAT(ParseSeparator(std::string(1, '\0')), StatusIs(kInvalid, "holds a NUL character"));
}

TEST(FormatTest, GoodOnesPass) {
  EXPECT_THAT(ValidateFormat({}), IsEmpty());
  Format format;
  format.encoding = Encoding::kUtf16;
  format.skip_rows = 1'000'000;
  format.row_separator = ";;";
  format.column_separator = ";";
  format.quote.reset();
  format.address_column = 256;
  for (int i = 0; i < 32; ++i) format.fields.push_back({"field_" + std::to_string(i), 1});
  format.external_id_column = 256;
  format.sheet = 3;
  EXPECT_THAT(ValidateFormat(format), IsEmpty());
}

TEST(FormatTest, EachMistakeIsNamed) {
  const std::string name_65(65, 'a');
  const struct {
    std::function<void(Format&)> spoil;
    const char* field;
    const char* description;
  } cases[] = {
      {[](Format& f) { f.encoding = static_cast<Encoding>(6); }, "encoding", "is not known"},
      {[](Format& f) { f.skip_rows = -1; }, "skip_rows", "must be 0 to 1000000"},
      {[](Format& f) { f.skip_rows = 1'000'001; }, "skip_rows", "must be 0 to 1000000"},
      {[](Format& f) { f.row_separator = "12345678901234567"; }, "row_separator",
       "must have at most 16 characters"},
      {[](Format& f) { f.column_separator = "\xFF"; }, "column_separator", "is not valid UTF-8"},
      {[](Format& f) { f.column_separator = std::string(1, '\0'); }, "column_separator",
       "holds a NUL character"},
      {[](Format& f) { f.column_separator = f.row_separator = "|"; }, "column_separator",
       "must not be the same as the row separator"},
      {[](Format& f) { f.column_separator = ";\n"; }, "column_separator",
       "must not hold a line end where line ends separate rows"},
      {[](Format& f) { f.column_separator = "\""; }, "quote", "must not be part of a separator"},
      {[](Format& f) { f.quote = '\n'; }, "quote", "must be a visible ASCII character"},
      {[](Format& f) { f.quote = '\xD0'; }, "quote", "must be a visible ASCII character"},
      {[](Format& f) { f.address_column = 0; }, "address_column", "must be 1 to 256"},
      {[](Format& f) { f.address_column = 257; }, "address_column", "must be 1 to 256"},
      {[](Format& f) { f.external_id_column = -1; }, "external_id_column", "must be 0 to 256"},
      {[](Format& f) { f.sheet = 0; }, "sheet", "must be at least 1"},
      {[](Format& f) { f.fields.resize(33); }, "fields", "must be at most 32"},
      {[](Format& f) {
         f.fields = {{"имя клиента", 2}};
       },
       "fields[0].name", "must be 1 to 64 letters, digits, \"_\", \"-\" and \".\""},
      {[&](Format& f) {
         f.fields = {{name_65, 2}};
       },
       "fields[0].name", "must be 1 to 64 letters, digits, \"_\", \"-\" and \".\""},
      {[](Format& f) {
         f.fields = {{"a", 2}, {"a", 3}};
       },
       "fields[1].name", "is the same as an earlier one"},
      {[](Format& f) {
         f.fields = {{"a", 0}};
       },
       "fields[0].column", "must be 1 to 256"},
  };
  for (const auto& c : cases) {
    Format format;
    c.spoil(format);
    const auto violations = ValidateFormat(format);
    ASSERT_EQ(violations.size(), 1u) << c.field << ": " << c.description;
    EXPECT_EQ(violations[0].field, c.field);
    EXPECT_EQ(violations[0].description, c.description);
  }
}

std::vector<std::string> Fields(const Format& format) {
  std::vector<std::string> fields;
  for (const FieldColumn& field : format.fields) {
    fields.push_back(field.name + "=" + std::to_string(field.column));
  }
  return fields;
}

TEST(FormatTest, HeadersNameFields) {
  Format format;
  format.address_column = 2;
  format.external_id_column = 3;
  format.fields = {{"chosen", 4}, {"field_7", 4}};
  const std::vector<std::string_view> header = {
      " name ", "phone", "id", "x", "", "Родной город", "Имя", "field_10", "name", "name"};
  AddHeaderFields(header, format);
  EXPECT_THAT(Fields(format), ElementsAre("chosen=4", "field_7=4", "name=1", "field_6=6", "Имя=7",
                                          "field_10=8", "field_9=9"));
  AddHeaderFields(header, format);
  EXPECT_EQ(format.fields.size(), 7u);
  EXPECT_THAT(ValidateFormat(format), IsEmpty());
}

TEST(FormatTest, HeadersOfManyColumnsStopAtTheLimit) {
  Format format;
  const std::vector<std::string_view> header(200, "имя");
  AddHeaderFields(header, format);
  EXPECT_EQ(format.fields.size(), 32u);
  EXPECT_THAT(ValidateFormat(format), IsEmpty());
}

}  // namespace
}  // namespace campaigner::imports

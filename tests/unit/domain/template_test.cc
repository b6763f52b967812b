#include "server/domain/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "tests/support/status_matchers.h"

namespace campaigner::domain {
namespace {

using ::campaigner::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TemplateTest, PlaceholdersAreReplaced) {
  const Fields fields = {
      {"field_1", "Anna"}, {"field_2", "{field_1}"}, {"a-B9", "x"},   {"smile", "😀"}, {"empty", ""},
      {"brace", "{{"},     {"open", "{field_"},      {"поле.1", "y"}, {"नाम", "z"}};
  const struct {
    const char* text;
    const char* rendered;
  } cases[] = {
      {"", ""},
      {"Hello", "Hello"},
      {"Hello {field_1}!", "Hello Anna!"},
      {"{field_1}{field_1}", "AnnaAnna"},
      {"{a-B9}", "x"},
      {"Привет, {smile}", "Привет, 😀"},
      // Names in any script, with the marks that belong to their letters.
      {"{поле.1}{{поле.1}}", "y{поле.1}"},
      {"{नाम}", "z"},
      {"<{имя}>", "<>"},
      // Absent fields leave nothing, and spaces stay.
      {"Hello {field_3} !", "Hello  !"},
      {"<{empty}>", "<>"},
      // Values are not expanded again, also not together with what follows.
      {"{field_2}", "{field_1}"},
      {"{brace}field_1}}", "{{field_1}"},
      {"{open}1}", "{field_1}"},
      // Doubled braces.
      {"{{field_1}}", "{field_1}"},
      {"{{{field_1}}}", "{Anna}"},
      {"{{{{", "{{"},
      {"}}}}", "}}"},
      {"{field_1}}}", "Anna}"},
      {"{field_1}}", "Anna}"},
      // Braces that start no placeholder.
      {"{", "{"},
      {"}", "}"},
      {"{}", "{}"},
      {"{ field_1 }", "{ field_1 }"},
      {"{field_1", "{field_1"},
      {"{field 1}", "{field 1}"},
      {"{поле!}", "{поле!}"},
      {"{😀}", "{😀}"},
      {"{field_{field_1}}", "{field_Anna}"},
      {"a } b { c", "a } b { c"},
  };
  for (const auto& c : cases) EXPECT_EQ(Render(c.text, fields), c.rendered) << c.text;
}

TEST(TemplateTest, WhatIsMissingIsRemovedOrKept) {
  using enum MissingValues;
  const Fields fields = {{"name", "Anna"}, {"empty", ""}};
  const std::string text = "{greeting} {name}, {empty}{{name}} {due}";
  EXPECT_EQ(Render(text, fields, kRemove), " Anna, {name} ");
  EXPECT_EQ(Render(text, fields, kReject), " Anna, {name} ");
  EXPECT_EQ(Render(text, fields, kKeep), "{greeting} Anna, {name} {due}");
}

TEST(TemplateTest, ListsWhatIsMissingOnceAndInOrder) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  const Fields fields = {{"b", "{z}"}, {"empty", ""}};
  EXPECT_THAT(ListMissing("", fields), IsEmpty());
  EXPECT_THAT(ListMissing("{b} {empty} {{x}} {} {x y}", fields), IsEmpty());
  EXPECT_THAT(ListMissing("{d}{b}{c}{d}", fields), ElementsAre("d", "c"));
}

// Values full of braces, between marks that cannot come from the template: whatever stands in a
// value comes out as it went in, and nothing else changes.
TEST(TemplateTest, ValuesAreNeverExpanded) {
  std::mt19937 random(5);
  const std::string pieces[] = {"{", "}", "{{", "}}", "{a}", "{b}", "a", "b", "-", "{a", "b}"};
  for (int round = 0; round < 5000; ++round) {
    Fields fields;
    for (const char* name : {"a", "b"}) {
      std::string& value = fields[name];
      for (size_t i = random() % 6; i > 0; --i) value += pieces[random() % std::size(pieces)];
    }
    std::string text;
    std::string expected;
    for (size_t i = random() % 8; i > 0; --i) {
      switch (random() % 5) {
        case 0: text += "{a}", expected += fields["a"]; break;
        case 1: text += "{b}", expected += fields["b"]; break;
        case 2: text += "{{", expected += "{"; break;
        case 3: text += "{none}"; break;
        default: text += " word ", expected += " word "; break;
      }
    }
    ASSERT_EQ(Render(text, fields), expected) << text;
  }
}

TEST(TemplateTest, LongTextsTakeOnePass) {
  // Quadratic work on these would take minutes. What comes out is cut.
  std::string opened;
  for (int i = 0; i < 500'000; ++i) opened += "{a";
  EXPECT_TRUE(opened.starts_with(Render(opened, {})));
  EXPECT_EQ(Render(std::string(1'000'000, '{'), {}).find_first_not_of('{'), std::string::npos);
  const std::string name = "{" + std::string(1'000'000, 'a');
  EXPECT_TRUE(name.starts_with(Render(name, {})));
}

TEST(TemplateTest, WhatBecomesTooLongIsCutButStaysTooLong) {
  using base::limits::kTextCharsMax;
  std::string many;
  for (int i = 0; i < 3'333; ++i) many += "{a}";
  ASSERT_OK(ValidateTemplate(many));
  for (const std::string piece : {"a", "ж", "€", "😀"}) {
    std::string value;
    for (int i = 0; i < 1'000; ++i) value += piece;
    const std::string cut = Render(many, {{"a", value}});
    EXPECT_TRUE(IsTextTooLong(cut)) << piece;
    EXPECT_LE(cut.size(), 4 * kTextCharsMax + 4) << piece;
    EXPECT_TRUE(base::IsValidUtf8(cut)) << piece;
    // Nothing is lost of what is just long enough.
    const std::string whole = Render("{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}", {{"a", value}});
    EXPECT_EQ(base::CountCodePoints(whole), kTextCharsMax) << piece;
    EXPECT_FALSE(IsTextTooLong(whole)) << piece;
  }
}

TEST(TemplateTest, KnowsTheNamesThatItCanShow) {
  for (const char* good : {"a", "field_1", "a-B.9", "имя", "Ёлка", "नाम", "名前", "٣"}) {
    EXPECT_TRUE(IsFieldName(good)) << good;
  }
  for (const char* bad : {"", "a b", "имя!", "{a}", "a}", "😀", "\xC3(", "\xF0\x9F", "a\n", "½"}) {
    EXPECT_FALSE(IsFieldName(bad)) << bad;
  }
  std::string longest;
  for (size_t i = 0; i < base::limits::kFieldNameCharsMax; ++i) longest += "ж";
  EXPECT_TRUE(IsFieldName(longest));
  EXPECT_FALSE(IsFieldName(longest + "a"));
}

TEST(TemplateTest, ValidateRefusesWhatCannotBeSent) {
  using base::limits::kTextCharsMax;
  EXPECT_OK(ValidateTemplate(""));
  EXPECT_OK(ValidateTemplate("Hello {field_1}, } { 😀"));
  EXPECT_THAT(ValidateTemplate("\xC3("), StatusIs(kInvalid, "is not valid UTF-8"));
  EXPECT_THAT(ValidateTemplate(std::string("a\0b", 3)),
              StatusIs(kInvalid, "holds a NUL character"));
  std::string longest;
  for (size_t i = 0; i < kTextCharsMax; ++i) longest += "ж";
  EXPECT_OK(ValidateTemplate(longest));
  EXPECT_THAT(ValidateTemplate(longest + "a"),
              StatusIs(kInvalid, "must have at most 10000 characters"));
}

}  // namespace
}  // namespace campaigner::domain

#include "server/domain/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/base/limits.h"
#include "tests/support/status_matchers.h"

namespace campaigner::domain {
namespace {

using ::campaigner::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TemplateTest, PlaceholdersAreReplaced) {
  const Fields fields = {
      {"field_1", "Anna"}, {"field_2", "{field_1}"}, {"a-B9", "x"},      {"smile", "😀"},
      {"empty", ""},       {"brace", "{{"},          {"open", "{field_"}};
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
      {"{field.1}", "{field.1}"},
      {"{поле}", "{поле}"},
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
  // Quadratic work on these would take minutes.
  std::string opened;
  for (int i = 0; i < 500'000; ++i) opened += "{a";
  EXPECT_EQ(Render(opened, {}), opened);
  const std::string braces(1'000'000, '{');
  EXPECT_EQ(Render(braces, {}), std::string(500'000, '{'));
  const std::string name = "{" + std::string(1'000'000, 'a');
  EXPECT_EQ(Render(name, {}), name);
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

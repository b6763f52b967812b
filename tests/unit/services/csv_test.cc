#include "server/services/convert/csv.h"

#include <gtest/gtest.h>

#include <string>

namespace campaigner::services {
namespace {

std::string Cell(std::string_view value) {
  std::string text = "before,";
  AppendCsvCell(value, text);
  return text.substr(std::string("before,").size());
}

TEST(CsvTest, PlainTextStaysAsItIs) {
  for (const char* text :
       {"", "a", "79201234567", "a b", "2026-01-01T00:00:00.000Z", "a=b", "за"}) {
    EXPECT_EQ(Cell(text), text);
  }
}

TEST(CsvTest, WhatWouldEndACellIsQuoted) {
  EXPECT_EQ(Cell("a,b"), "\"a,b\"");
  EXPECT_EQ(Cell("a;b"), "\"a;b\"");
  EXPECT_EQ(Cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(Cell("two\r\nlines"), "\"two\r\nlines\"");
  EXPECT_EQ(Cell(" padded "), "\" padded \"");
}

TEST(CsvTest, FormulasAreShownAndNotComputed) {
  EXPECT_EQ(Cell("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(Cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
  EXPECT_EQ(Cell("@cmd"), "\"'@cmd\"");
  EXPECT_EQ(Cell("+1+1"), "\"'+1+1\"");
  EXPECT_EQ(Cell("-a"), "\"'-a\"");
  EXPECT_EQ(Cell("\tx"), "\"'\tx\"");
  EXPECT_EQ(Cell("-"), "\"'-\"");
  EXPECT_EQ(Cell("+"), "\"'+\"");
  EXPECT_EQ(Cell("+ -"), "\"'+ -\"");
  EXPECT_EQ(Cell("+7-A1"), "\"'+7-A1\"");
}

TEST(CsvTest, NumbersAreNoFormulas) {
  for (const char* text : {"+79201234567", "+7 (920) 123-45-67", "-5", "-1.25", "+0"})
    EXPECT_EQ(Cell(text), text);
  EXPECT_EQ(Cell("-1.2.3"), "\"'-1.2.3\"");
  EXPECT_EQ(Cell("-.5"), "\"'-.5\"");
}

}  // namespace
}  // namespace campaigner::services

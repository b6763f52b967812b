#include "server/imports/reading/text_row_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/base/limits.h"
#include "tests/unit/imports/rows.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Format Semicolons() {
  Format format;
  format.encoding = Encoding::kUtf8;
  format.column_separator = ";";
  return format;
}

std::unique_ptr<TextRowSource> Source(std::string text, const Format& format = Semicolons(),
                                      const TextSizes& sizes = {}) {
  return std::make_unique<TextRowSource>(BytesInMemory(std::move(text)), format, false, 0, sizes);
}

std::vector<std::string> Rows(const std::string& text, const Format& format = Semicolons()) {
  return ReadAll(*Source(text, format));
}

TEST(TextRowSourceTest, LineEndsOfAnyKind) {
  EXPECT_THAT(Rows("a;b\nc\r\nd\re"), ElementsAre("1: a|b", "2: c", "3: d", "4: e"));
  EXPECT_THAT(Rows("a\n"), ElementsAre("1: a"));
  EXPECT_THAT(Rows("a\r"), ElementsAre("1: a"));
  EXPECT_THAT(Rows(""), IsEmpty());
}

TEST(TextRowSourceTest, EmptyRowsArePassedOverAndCounted) {
  EXPECT_THAT(Rows("\n\na\r\n\r\n;;\n \t; \n\"\"\nb\n\n"), ElementsAre("3: a", "8: b"));
  EXPECT_THAT(Rows("\n \n;\n"), IsEmpty());
}

TEST(TextRowSourceTest, EmptyCellsStay) { EXPECT_THAT(Rows(";a;;b;"), ElementsAre("1: |a||b|")); }

TEST(TextRowSourceTest, QuotesHoldSeparators) {
  EXPECT_THAT(Rows("\"a;b\";\"c\nd\";e\nf"), ElementsAre("1: a;b|c\nd|e", "2: f"));
  EXPECT_THAT(Rows("\"say \"\"hi\"\"\";\"\"\"\"\n"), ElementsAre("1: say \"hi\"|\""));
  EXPECT_THAT(Rows("\"\";a;\"b\""), ElementsAre("1: |a|b"));
  // Only at the start of a value.
  EXPECT_THAT(Rows("5\" pipe;b\"\n"), ElementsAre("1: 5\" pipe|b\""));
  Format format = Semicolons();
  format.quote = '\'';
  EXPECT_THAT(Rows("'a;''b';\"c", format), ElementsAre("1: a;'b|\"c"));
  format.quote.reset();
  EXPECT_THAT(Rows("'a;\"b\"", format), ElementsAre("1: 'a|\"b\""));
}

TEST(TextRowSourceTest, SeparatorsOfAnyLength) {
  Format format = Semicolons();
  format.column_separator = "::";
  format.row_separator = "<br>";
  EXPECT_THAT(Rows("a::b:c<br>\"d::e<br>f\"::g<b<br>h:", format),
              ElementsAre("1: a|b:c", "2: d::e<br>f|g<b", "3: h:"));
  // One is the start of the other.
  format.column_separator = ";";
  format.row_separator = ";;";
  EXPECT_THAT(Rows("a;b;;c;d;;", format), ElementsAre("1: a|b", "2: c|d"));
  format.column_separator = "--";
  format.row_separator = "-";
  EXPECT_THAT(Rows("a--b-c--d-", format), ElementsAre("1: a|b", "2: c|d"));
  format.column_separator = "–";
  format.row_separator = "\n";
  EXPECT_THAT(Rows("а–б\n—в–г\r\n", format), ElementsAre("1: а|б", "2: —в|г\r"));
}

// A stray quote costs its row.
TEST(TextRowSourceTest, StrayQuotesCostTheirRow) {
  EXPECT_THAT(Rows("1;\"Anna\n2;Boris\n3;Vera"),
              ElementsAre("1: 1|\"Anna!has an unclosed quote", "2: 2|Boris", "3: 3|Vera"));
  EXPECT_THAT(
      Rows("1;\"Anna\n2;\"Boris\"\n3;Vera"),
      ElementsAre("1: 1|\"Anna!has text behind a closing quote", "2: 2|Boris", "3: 3|Vera"));
  EXPECT_THAT(Rows("1;\"OOO \"Daisy\"\"\n2;Boris"),
              ElementsAre("1: 1|\"OOO \"Daisy\"\"!has text behind a closing quote", "2: 2|Boris"));
  EXPECT_THAT(Rows("\""), ElementsAre("1: \"!has an unclosed quote"));
  EXPECT_THAT(Rows("a;\"\"\""), ElementsAre("1: a|\"\"\"!has an unclosed quote"));
}

TEST(TextRowSourceTest, AStrayQuoteDoesNotSwallowTheFile) {
  std::string text = "1;\"Anna\n";
  for (int i = 2; i <= 20'000; ++i) text += std::to_string(i) + ";Boris\n";
  const auto rows = Rows(text);
  ASSERT_EQ(rows.size(), 20'000u);
  EXPECT_EQ(rows[0], "1: 1|\"Anna!has an unclosed quote");
  EXPECT_EQ(rows[1], "2: 2|Boris");
  // With a quote open from row to row the look ahead is bounded too, or this takes minutes.
  text.clear();
  for (int i = 0; i < 100'000; ++i) text += "x\";\"a\n";
  text += "end";
  EXPECT_EQ(Rows(text).size(), 100'001u);
}

TEST(TextRowSourceTest, QuotedValuesMaySpanSoManyRows) {
  std::string value;
  for (int i = 0; i < limits::kImportQuotedLinesMax; ++i) value += "x\r\n";
  EXPECT_THAT(Rows("\"" + value + "\";a\nb"), ElementsAre("1: " + value + "|a", "2: b"));
  EXPECT_EQ(Rows("\"" + value + "\n\";a\nb")[0], "1: \"x!has an unclosed quote");
}

TEST(TextRowSourceTest, LongRowsAreRefused) {
  const std::string longest(limits::kImportRowBytesMax, 'x');
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    EXPECT_THAT(Rows(longest + end + "b"), ElementsAre("1: " + longest, "2: b"));
    const std::string shown(limits::kImportDamagedCellBytesMax, 'x');
    EXPECT_THAT(Rows("a" + end + longest + "x" + end + "b" + end),
                ElementsAre("1: a", "2: " + shown + "!is longer than 64 KiB", "3: b"));
  }
  EXPECT_THAT(Rows(longest), ElementsAre("1: " + longest));
  EXPECT_EQ(Rows(longest + "x").size(), 1u);
  EXPECT_EQ(Rows("\"" + longest + "\";a\nb").size(), 2u);
  const std::string quoted = "\"" + longest.substr(2) + "\"";
  EXPECT_THAT(Rows(quoted + "\nb"), ElementsAre("1: " + longest.substr(2), "2: b"));
  EXPECT_THAT(Rows(quoted), ElementsAre("1: " + longest.substr(2)));
}

// A row of one character, over and over, and a second row "z".
class EndlessBytes : public ByteSource {
 public:
  EndlessBytes(int64_t size, char fill) : size_(size), fill_(fill) {}
  int64_t size() const override { return size_; }
  absl::StatusOr<size_t> Read(int64_t offset, char* buffer, size_t bytes_max) const override {
    const size_t size = std::min(bytes_max, static_cast<size_t>(size_ - offset));
    std::fill_n(buffer, size, fill_);
    if (offset + static_cast<int64_t>(size) == size_)
      buffer[size - 1] = 'z', buffer[size - 2] = '\n';
    return size;
  }

 private:
  const int64_t size_;
  const char fill_;
};

TEST(TextRowSourceTest, AGigabyteWithoutALineEndIsOneBadRow) {
  for (const auto& [fill, size] : {std::pair{'x', 1 << 30}, {'"', 1 << 24}, {'\0', 1 << 24}}) {
    TextRowSource source(std::make_unique<EndlessBytes>(size, fill), Semicolons(), false, 0);
    const auto rows = ReadAll(source);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_TRUE(rows[0].ends_with("!is longer than 64 KiB"));
    EXPECT_EQ(rows[1], "2: z");
    EXPECT_EQ(source.bytes_read(), source.bytes_total());
  }
}

TEST(TextRowSourceTest, WhatIsPassedOverIsPassedOverInTurns) {
  const std::string empty(100, '\n');
  const std::string text = empty + "a\n" + empty + std::string(200, 'x') + "\nb\n" + empty;
  TextRowSource source(BytesInMemory(text), Semicolons(), false, 0,
                       {.chunk_bytes = 8, .row_bytes_max = 20, .passed_over_bytes_max = 50});
  RawRow row;
  std::vector<int64_t> numbers;
  int turns = 0;
  while (!source.has_ended()) {
    const int64_t before = source.bytes_read();
    ASSERT_OK_AND_ASSIGN(const bool has_row, source.Next(row));
    EXPECT_LT(source.bytes_read() - before, 50 + 100);
    if (has_row) numbers.push_back(row.number);
    if (!has_row) ++turns;
  }
  EXPECT_THAT(numbers, ElementsAre(101, 202, 203));
  EXPECT_GE(turns, 8);
  EXPECT_EQ(source.position(), (Position{source.bytes_total(), 303}));
}

TEST(TextRowSourceTest, RowsOfManyColumnsAreRefused) {
  std::string row = "a";
  for (int i = 1; i < limits::kImportColumnsMax; ++i) row += ";b";
  auto source = Source(row + "\n" + row + ";c\n" + row + std::string(1000, ';') + "\nd");
  RawRow raw;
  ASSERT_OK(source->Next(raw));
  EXPECT_EQ(raw.cells.size(), 256u);
  EXPECT_EQ(raw.problem, "");
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(source->Next(raw));
    EXPECT_EQ(raw.cells.size(), 256u);
    EXPECT_EQ(raw.problem, "has more than 256 columns");
  }
  EXPECT_THAT(ReadAll(*source), ElementsAre("4: d"));
}

TEST(TextRowSourceTest, BrokenBytesCostTheirRow) {
  EXPECT_THAT(Rows("a\n1;\xFF"
                   "b;\xC3\n\xD0\x90\n"),
              ElementsAre("1: a", "2: 1|\uFFFDb|\uFFFD!is not valid UTF-8", "3: А"));
  EXPECT_THAT(Rows(std::string("a\n1\0;b\nc\n", 9)),
              ElementsAre("1: a", "2: 1 |b!holds a NUL character", "3: c"));
  // Half of a character before a line end, and at the end of the file.
  EXPECT_THAT(Rows("\xD0\na\xD0"),
              ElementsAre("1: \uFFFD!is not valid UTF-8", "2: a\uFFFD!is not valid UTF-8"));
  Format format = Semicolons();
  format.encoding = Encoding::kWindows1251;
  // 0x98 is the one byte that it leaves undefined.
  EXPECT_THAT(Rows("\xC0\xB8\n\x98\n\xFF", format),
              ElementsAre("1: Аё", "2: \uFFFD!is not valid Windows-1251", "3: я"));
  format.encoding = Encoding::kUtf16;
  using namespace std::string_literals;
  EXPECT_THAT(
      Rows("a\0\n\0\x00\xD8\n\0"
           "b\0\n\0\x00\xDC\n\0\x3D\xD8\x00\xDE\n\0c"s,
           format),
      ElementsAre("1: a", "2: \uFFFD!is not valid UTF-16", "3: b", "4: \uFFFD!is not valid UTF-16",
                  "5: 😀", "6: \uFFFD!is not valid UTF-16"));
}

TEST(TextRowSourceTest, RowsBeforeTheFirstAreSkipped) {
  Format format = Semicolons();
  format.skip_rows = 3;
  EXPECT_THAT(Rows("title\n\n\"a\nb\"\nc\nd", format), ElementsAre("4: c", "5: d"));
  format.skip_rows = 9;
  EXPECT_THAT(Rows("title\na", format), IsEmpty());
}

TEST(TextRowSourceTest, FilesThatShrinkAreAnError) {
  class Shrinking : public ByteSource {
    int64_t size() const override { return 100; }
    absl::StatusOr<size_t> Read(int64_t, char*, size_t) const override {
      return absl::DataLossError("became shorter while it was read");
    }
  };
  TextRowSource source(std::make_unique<Shrinking>(), Semicolons(), false, 0);
  RawRow row;
  EXPECT_THAT(source.Next(row), ::campaigner::testing::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace campaigner::imports

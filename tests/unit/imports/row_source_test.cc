#include "server/imports/reading/row_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace campaigner::imports {
namespace {

using ::testing::ElementsAre;

// "number: cell|cell" with "!problem" of each row.
std::vector<std::string> Read(RowSource& source) {
  std::vector<std::string> rows;
  RawRow row;
  while (true) {
    const absl::StatusOr<bool> more = source.Next(row);
    EXPECT_OK(more);
    if (!more.ok() || !*more) return rows;
    std::string text = std::to_string(row.number) + ": ";
    for (const std::string_view cell : row.cells) {
      if (!text.ends_with(' ')) text += '|';
      text += cell;
    }
    if (!row.problem.empty()) text += "!" + std::string(row.problem);
    rows.push_back(text);
  }
}

TEST(PastedRowsTest, RowsAreReadAndResumed) {
  const std::string text = "phone;name\r\n\r\n79201234567;\"Anna; \"\"A\"\"\"\n;;\n79201234568;Б";
  Format format;
  format.header_names_fields = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenPastedRows(text, format));
  EXPECT_EQ(format.column_separator, ";");
  ASSERT_EQ(format.fields.size(), 1u);
  EXPECT_EQ(format.fields[0].name, "name");
  EXPECT_STREQ(source->file_kind(), "CSV");
  RawRow row;
  ASSERT_THAT(source->Next(row), ::campaigner::testing::IsOkAndHolds(true));
  EXPECT_EQ(row.number, 3);
  EXPECT_THAT(row.cells, ElementsAre("79201234567", "Anna; \"A\""));
  const Position position = source->position();
  EXPECT_THAT(Read(*source), ElementsAre("5: 79201234568|Б"));
  EXPECT_EQ(source->bytes_read(), source->bytes_total());
  ASSERT_OK_AND_ASSIGN(const auto resumed, OpenPastedRows(text, format, position));
  EXPECT_THAT(Read(*resumed), ElementsAre("5: 79201234568|Б"));
}

}  // namespace
}  // namespace campaigner::imports

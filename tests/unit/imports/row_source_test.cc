#include "server/imports/reading/row_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/base/limits.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/imports/rows.h"

namespace campaigner::imports {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(PastedRowsTest, RowsAreReadAndResumed) {
  const std::string text = "phone;name\r\n\r\n79201234567;\"Anna; \"\"A\"\"\"\n;;\n79201234568;Б";
  Format format;
  format.header_names_fields = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenPastedRows(text, format));
  EXPECT_EQ(format.column_separator, ";");
  ASSERT_EQ(format.fields.size(), 1u);
  EXPECT_EQ(format.fields[0].name, "name");
  EXPECT_STREQ(source->file_kind(), "CSV");
  const Position start = source->position();
  RawRow row;
  ASSERT_THAT(source->Next(row), IsOkAndHolds(true));
  EXPECT_EQ(row.number, 3);
  EXPECT_THAT(row.cells, ElementsAre("79201234567", "Anna; \"A\""));
  const Position position = source->position();
  EXPECT_THAT(ReadAll(*source), ElementsAre("5: 79201234568|Б"));
  EXPECT_EQ(source->bytes_read(), source->bytes_total());
  ASSERT_OK_AND_ASSIGN(const auto resumed, OpenPastedRows(text, format, position));
  EXPECT_THAT(ReadAll(*resumed), ElementsAre("5: 79201234568|Б"));
  // From before the first row, or from nowhere.
  for (const Position& from : {start, Position{}}) {
    ASSERT_OK_AND_ASSIGN(const auto again, OpenPastedRows(text, format, from));
    EXPECT_EQ(ReadAll(*again).size(), 2u);
  }
  EXPECT_EQ(format.fields.size(), 1u);
}

TEST(PastedRowsTest, ColumnsAreFoundByTheirHeaders) {
  const std::string text = "Имя; phone ;x;x\nАнна;79201234567;1;2\n";
  Format format;
  format.address_header = "phone";
  format.fields = {{.name = "name", .header = "Имя"}, {.name = "last", .column = 4}};
  ASSERT_OK_AND_ASSIGN(const auto source, OpenPastedRows(text, format));
  EXPECT_EQ(format.address_column, 2);
  EXPECT_EQ(format.fields[0].column, 1);
  EXPECT_EQ(format.fields[1].column, 4);
  EXPECT_EQ(format.fields.size(), 2u);
  EXPECT_THAT(ReadAll(*source), ElementsAre("2: Анна|79201234567|1|2"));
  format.external_id_header = "id";
  EXPECT_THAT(OpenPastedRows(text, format),
              StatusIs(kInvalid, R"(has no column "id", only "Имя", "phone", "x", "x")"));
  format.external_id_header = "x";
  EXPECT_THAT(OpenPastedRows(text, format), StatusIs(kInvalid, R"(has more than one column "x")"));
  EXPECT_THAT(OpenPastedRows("", format), StatusIs(kInvalid, HasSubstr("has no column")));
}

TEST(PastedRowsTest, PastedTextIsUtf8) {
  Format format;
  format.encoding = Encoding::kKoi8R;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenPastedRows("79201234567;Анна", format));
  EXPECT_EQ(format.encoding, Encoding::kUtf8);
  EXPECT_THAT(ReadAll(*source), ElementsAre("1: 79201234567|Анна"));
  ASSERT_OK_AND_ASSIGN(const auto empty, OpenPastedRows("", format));
  EXPECT_THAT(ReadAll(*empty), IsEmpty());
}

class RowSourceTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<RowSource>> Open(std::string_view content) {
    WriteFile(path_, content);
    return OpenRowSource(path_, format_);
  }

  TempDir dir_;
  const std::string path_ = dir_.File("base.csv");
  Format format_;
};

TEST_F(RowSourceTest, FilesInEachEncodingAreReadAndResumed) {
  const std::string text = "Телефон,имя\n79201234567,Анна\n79201234568,\"Пётр, Борис\"\n";
  const struct {
    std::string bytes;
    Encoding encoding;
  } cases[] = {
      {text, Encoding::kUtf8},
      {"\xEF\xBB\xBF" + text, Encoding::kUtf8},
      {Encode(text, "windows-1251"), Encoding::kWindows1251},
      {Encode(text, "KOI8-R"), Encoding::kKoi8R},
      {Encode(text, "cp866"), Encoding::kCp866},
      {Encode(text, "UTF-16LE"), Encoding::kUtf16},
      {Encode(text, "UTF-16BE"), Encoding::kUtf16},
      {"\xFF\xFE" + Encode(text, "UTF-16LE"), Encoding::kUtf16},
      {"\xFE\xFF" + Encode(text, "UTF-16BE"), Encoding::kUtf16},
  };
  for (const auto& c : cases) {
    format_ = {};
    ASSERT_OK_AND_ASSIGN(const auto source, Open(c.bytes));
    EXPECT_EQ(format_.encoding, c.encoding);
    EXPECT_EQ(format_.column_separator, ",");
    RawRow row;
    ASSERT_THAT(source->Next(row), IsOkAndHolds(true));
    EXPECT_EQ(Show(row), "1: Телефон|имя");
    ASSERT_THAT(source->Next(row), IsOkAndHolds(true));
    const auto rest = ElementsAre("3: 79201234568|Пётр, Борис");
    ASSERT_OK_AND_ASSIGN(const auto resumed, OpenRowSource(path_, format_, source->position()));
    EXPECT_THAT(ReadAll(*source), rest);
    EXPECT_THAT(ReadAll(*resumed), rest);
    EXPECT_EQ(source->bytes_read(), static_cast<int64_t>(c.bytes.size()));
  }
}

TEST_F(RowSourceTest, HeadersAndSkippedRowsAreNoRecipients) {
  format_.skip_rows = 2;
  format_.header_names_fields = true;
  ASSERT_OK_AND_ASSIGN(const auto source,
                       Open("Report;of\ntoday\n\nphone;name;Город\n79201234567;Anna;Бор\nx\n"));
  ASSERT_EQ(format_.fields.size(), 2u);
  EXPECT_EQ(format_.fields[0].name, "name");
  EXPECT_EQ(format_.fields[1].name, "Город");
  EXPECT_THAT(ReadAll(*source), ElementsAre("5: 79201234567|Anna|Бор", "6: x"));
}

// Letters that show the encoding may come late.
TEST_F(RowSourceTest, TheEncodingIsFoundFarBehindTheStart) {
  std::string content;
  while (content.size() < 3 * base::limits::kImportSampleBytes) content += "79201234567;Anna\n";
  ASSERT_OK_AND_ASSIGN(const auto source,
                       Open(content + Encode("79201234568;Екатерина\n", "KOI8-R")));
  EXPECT_EQ(format_.encoding, Encoding::kKoi8R);
  EXPECT_THAT(ReadAll(*source).back(), HasSubstr("79201234568|Екатерина"));
}

// Also where the first character that shows it is cut by the sample's end.
TEST_F(RowSourceTest, ASampleMayEndInsideOfACharacter) {
  std::string content(base::limits::kImportSampleBytes - 1, '7');
  ASSERT_OK(Open(content + "Ж\n"));
  EXPECT_EQ(format_.encoding, Encoding::kUtf8);
}

TEST_F(RowSourceTest, WhatIsNoTextIsRefused) {
  using namespace std::string_literals;
  EXPECT_THAT(Open("PK\x03\x04\x14\0\x06\0\b\0[Content_Types].xml"s),
              StatusIs(kInvalid, "is an XLSX file, which is not read: save it as CSV or XLS"));
  EXPECT_THAT(Open("\xFF\xD8\xFF\xE0\0\x10JFIF"s), StatusIs(kInvalid, "is not a text file"));
  EXPECT_THAT(Open("\x7F"
                   "ELF\x02\x01\x01\0\0\0\0\0"s),
              StatusIs(kInvalid, "is not a text file"));
  std::string noise;
  for (uint32_t i = 0; i < 100'000; ++i) noise += static_cast<char>(i * i / 7);
  EXPECT_THAT(Open(noise), StatusIs(kInvalid, HasSubstr("is not a text file")));
}

TEST_F(RowSourceTest, WhatIsNoFileIsRefused) {
  EXPECT_THAT(OpenRowSource(dir_.File("absent"), format_),
              StatusIs(absl::StatusCode::kNotFound, "does not exist"));
  EXPECT_THAT(OpenRowSource(dir_.path(), format_), StatusIs(kInvalid, "is not a file"));
}

TEST_F(RowSourceTest, FilesThatShrinkAreAnError) {
  std::string content;
  while (content.size() < 4 * base::limits::kImportChunkBytes) content += "79201234567;Anna\n";
  ASSERT_OK_AND_ASSIGN(const auto source, Open(content));
  RawRow row;
  ASSERT_THAT(source->Next(row), IsOkAndHolds(true));
  std::filesystem::resize_file(path_, 100);
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = source->Next(row);
  EXPECT_THAT(more, StatusIs(absl::StatusCode::kDataLoss, "became shorter while it was read"));
}

TEST_F(RowSourceTest, EmptyFilesHaveNoRows) {
  format_.header_names_fields = true;
  ASSERT_OK_AND_ASSIGN(const auto source, Open(""));
  EXPECT_THAT(ReadAll(*source), IsEmpty());
  EXPECT_THAT(format_.fields, IsEmpty());
}

}  // namespace
}  // namespace campaigner::imports

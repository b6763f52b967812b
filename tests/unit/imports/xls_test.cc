#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "server/base/limits.h"
#include "server/imports/reading/row_source.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/imports/rows.h"

namespace campaigner::imports {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::campaigner::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Written with Python's xlwt: three sheets of numbers, texts, dates, a formula, a truth value.
const std::string kPeople = CAMPAIGNER_SOURCE_DIR "/tests/unit/imports/data/people.xls";

std::string People() {
  std::ifstream file(kPeople, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(XlsTest, CellsComeAsTheyAreShown) {
  Format format;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRowSource(kPeople, format));
  EXPECT_STREQ(source->file_kind(), "XLS");
  EXPECT_THAT(ReadAll(*source),
              ElementsAre("1: Телефон|name|Дата|when|sum|id",
                          "2: 79201234567|Анна \"А\"|2026-11-22|2026-11-22 10:30:00|1.5|17",
                          "4: 8 (920) 123-45-68|Борис\nи Ко|10:30:00||-0.25|123456789012345",
                          "6: |1|||0.1|1e+20"));
  EXPECT_EQ(source->bytes_read(), source->bytes_total());
}

TEST(XlsTest, SheetsAreChosen) {
  Format format;
  format.sheet = 2;
  ASSERT_OK_AND_ASSIGN(const auto second, OpenRowSource(kPeople, format));
  EXPECT_THAT(ReadAll(*second), ElementsAre("1: 79201234570|Вера"));
  format.sheet = 3;
  ASSERT_OK_AND_ASSIGN(const auto empty, OpenRowSource(kPeople, format));
  EXPECT_THAT(ReadAll(*empty), IsEmpty());
  format.sheet = 4;
  EXPECT_THAT(OpenRowSource(kPeople, format), StatusIs(kInvalid, "has no sheet 4, only 3"));
}

TEST(XlsTest, HeadersAndPositionsAreThoseOfText) {
  Format format;
  format.header_names_fields = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRowSource(kPeople, format));
  ASSERT_EQ(format.fields.size(), 5u);
  EXPECT_EQ(format.fields[1].name, "Дата");
  RawRow row;
  ASSERT_THAT(source->Next(row), IsOkAndHolds(true));
  EXPECT_EQ(row.number, 2);
  ASSERT_OK_AND_ASSIGN(const auto resumed, OpenRowSource(kPeople, format, source->position()));
  EXPECT_EQ(ReadAll(*resumed), ReadAll(*source));
  EXPECT_EQ(format.fields.size(), 5u);
}

// Of a format that says how text is read, nothing is applied or changed.
TEST(XlsTest, SeparatorsAndEncodingAreIgnored) {
  Format format;
  format.encoding = Encoding::kUtf16;
  format.row_separator = "7";
  format.column_separator = "9";
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRowSource(kPeople, format));
  EXPECT_EQ(ReadAll(*source).size(), 4u);
  EXPECT_EQ(format.encoding, Encoding::kUtf16);
  EXPECT_EQ(format.column_separator, "9");
}

class DamagedXlsTest : public ::testing::Test {
 protected:
  // Reads it to the end, or is refused.
  absl::Status Read(std::string_view content) {
    WriteFile(path_, content);
    Format format;
    const auto source = OpenRowSource(path_, format);
    if (source.ok()) ReadAll(**source);
    return source.status();
  }

  TempDir dir_;
  const std::string path_ = dir_.File("base.xls");
};

TEST_F(DamagedXlsTest, TruncatedFilesAreRefused) {
  const std::string people = People();
  ASSERT_GT(people.size(), 5000u);
  for (size_t size = 8; size < people.size() / 2; size += 97) {
    EXPECT_THAT(Read(people.substr(0, size)), StatusIs(kInvalid)) << size;
  }
}

TEST_F(DamagedXlsTest, ChangedFilesAreReadOrRefused) {
  const std::string people = People();
  std::mt19937 random(3);
  for (int round = 0; round < 150; ++round) {
    std::string changed = people;
    for (size_t i = 1 + random() % 8; i > 0; --i) {
      changed[8 + random() % (changed.size() - 8)] = static_cast<char>(random());
    }
    const absl::Status status = Read(changed);
    EXPECT_TRUE(status.ok() || status.code() == kInvalid) << round << ": " << status;
  }
}

#ifndef CAMPAIGNER_SANITIZED
// 14 kB with 21 sheets, each of one cell in its last row and column: FreeXL takes 5 GB for it.
TEST_F(DamagedXlsTest, SmallFilesThatTakeGigabytesAreRefused) {
  Format format;
  EXPECT_THAT(OpenRowSource(CAMPAIGNER_SOURCE_DIR "/tests/unit/imports/data/wide.xls", format),
              StatusIs(kInvalid));
}
#endif

TEST_F(DamagedXlsTest, LargeFilesAreNotOpened) {
  WriteFile(path_, People());
  std::filesystem::resize_file(path_, base::limits::kImportXlsBytesMax + 1);
  Format format;
  EXPECT_THAT(OpenRowSource(path_, format),
              StatusIs(kInvalid, "is an XLS file of more than 64 MiB: save it as CSV"));
}

}  // namespace
}  // namespace campaigner::imports

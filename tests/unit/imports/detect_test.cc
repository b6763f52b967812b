#include "server/imports/reading/detect.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/imports/rows.h"

namespace campaigner::imports {
namespace {

using ::campaigner::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(DetectEncodingTest, RussianIsToldInEachEncoding) {
  const char* const samples[] = {
      "79201234567;Анна",
      "79201234567;Иван",
      "79201234567;ИВАН",
      "Ольга",
      "79201234567;Пётр",
      "79201234567;Щукин",
      "79201234567;ольга",
      "79201234567;СЕРГЕЙ ИВАНОВ",
      "79201234567;Иванов Иван Иванович;Нижний Новгород\n",
      "Телефон;Имя;Город\n79201234567;Екатерина;Санкт-Петербург\n",
      "ФИО;ТЕЛЕФОН\nКУЗНЕЦОВА МАРИЯ;79201234567\n",
      "79201234567;Здравствуйте! Ваш заказ № 17 готов к выдаче. Ждём вас ежедневно с 9 до 21",
      "79201234567;ООО «Ромашка»",
  };
  const struct {
    Encoding encoding;
    const char* name;
  } encodings[] = {{Encoding::kUtf8, "UTF-8"},     {Encoding::kWindows1251, "windows-1251"},
                   {Encoding::kKoi8R, "KOI8-R"},   {Encoding::kCp866, "cp866"},
                   {Encoding::kUtf16, "UTF-16LE"}, {Encoding::kUtf16, "UTF-16BE"}};
  for (const char* const sample : samples) {
    for (const auto& e : encodings) {
      const std::string encoded = Encode(sample, e.name);
      // These marks are not in all of them.
      if (encoded.find('\x1A') != std::string::npos) continue;
      if (e.encoding == Encoding::kUtf16 && encoded.find('\0') == std::string::npos) continue;
      EXPECT_STREQ(EncodingName(DetectEncoding(encoded)), EncodingName(e.encoding))
          << sample << " in " << e.name;
    }
  }
}

// Names of one word, which is as little as there can be.
TEST(DetectEncodingTest, FirstNamesAreToldInEachEncoding) {
  for (const char* const name :
       {"Александр", "Алексей", "Андрей",  "Артём",     "Борис",    "Вадим",   "Виктор",
        "Владимир",  "Дмитрий", "Евгений", "Игорь",     "Кирилл",   "Максим",  "Михаил",
        "Николай",   "Павел",   "Роман",   "Анастасия", "Валерия",  "Дарья",   "Екатерина",
        "Ирина",     "Любовь",  "Марина",  "Наталья",   "Светлана", "Татьяна", "Юлия",
        "Ия",        "Лев",     "Яна",     "Эдуард"}) {
    for (const auto& [encoding, icu_name] : {std::pair{Encoding::kWindows1251, "windows-1251"},
                                             {Encoding::kKoi8R, "KOI8-R"},
                                             {Encoding::kCp866, "cp866"}}) {
      EXPECT_EQ(DetectEncoding(Encode(name, icu_name)), encoding) << name << " in " << icu_name;
    }
  }
}

TEST(DetectEncodingTest, MarksDecide) {
  EXPECT_EQ(DetectEncoding("\xEF\xBB\xBF\xC8\xE2\xE0\xED"), Encoding::kUtf8);
  EXPECT_EQ(DetectEncoding("\xFF\xFE"), Encoding::kUtf16);
  EXPECT_EQ(DetectEncoding("\xFE\xFF\x04\x10"), Encoding::kUtf16);
  EXPECT_TRUE(IsBigEndianUtf16("\xFE\xFF\x04\x10"));
  EXPECT_FALSE(IsBigEndianUtf16("\xFF\xFE\x10\x04"));
  EXPECT_TRUE(IsBigEndianUtf16(Encode("79201234567", "UTF-16BE")));
  EXPECT_FALSE(IsBigEndianUtf16(Encode("79201234567", "UTF-16LE")));
  EXPECT_FALSE(IsBigEndianUtf16(Encode("Анна", "UTF-16LE")));
  EXPECT_EQ(ByteOrderMarkSize("\xEF\xBB\xBF", Encoding::kUtf8), 3u);
  EXPECT_EQ(ByteOrderMarkSize("\xEF\xBB\xBF", Encoding::kWindows1251), 0u);
  EXPECT_EQ(ByteOrderMarkSize("\xFE\xFF", Encoding::kUtf16), 2u);
  EXPECT_EQ(ByteOrderMarkSize("ab", Encoding::kUtf16), 0u);
}

TEST(DetectEncodingTest, Utf8MayBeCutOffOrDamaged) {
  EXPECT_EQ(DetectEncoding(""), Encoding::kUtf8);
  EXPECT_EQ(DetectEncoding("79201234567;Anna\n"), Encoding::kUtf8);
  const std::string text = "Анна 😀";
  EXPECT_EQ(DetectEncoding(text.substr(0, text.size() - 1)), Encoding::kUtf8);
  EXPECT_EQ(DetectEncoding(text.substr(0, text.size() - 3)), Encoding::kUtf8);
  EXPECT_EQ(DetectEncoding("Анна Петровна\n\xFF\nБорис"), Encoding::kUtf8);
}

TEST(DetectColumnSeparatorTest, TheOneThatCutsRowsAlike) {
  const struct {
    const char* text;
    const char* separator;
  } cases[] = {
      {"", ";"},
      {"79201234567\n79201234568\n", ";"},
      {"79201234567;Anna\n79201234568;Boris\n", ";"},
      {"79201234567,Anna\n79201234568,Boris\n", ","},
      {"79201234567\tAnna\r\n79201234568\tBoris", "\t"},
      {"79201234567|Anna|1\n79201234568|Boris|2", "|"},
      // Others within values.
      {"79201234567;Иванов, Иван\n79201234568;Петров, Пётр\n79201234569;Anna\n", ";"},
      {"79201234567;1,5\n79201234568;2,5\n", ";"},
      {"79201234567,\"a;b\"\n79201234568,\"c;d\"\n", ","},
      {"79201234567\ta, b\n79201234568\tc\n", "\t"},
      // Titles before the rows.
      {"Report, of today\n\nphone;name\n79201234567;Anna\n79201234568;Boris\n", ";"},
  };
  for (const auto& c : cases) EXPECT_EQ(DetectColumnSeparator(c.text, {}), c.separator) << c.text;
}

TEST(DetectColumnSeparatorTest, WhatSeparatesRowsOrQuotesIsNotTried) {
  Format format;
  format.row_separator = ";";
  EXPECT_EQ(DetectColumnSeparator("79201234567,Anna;79201234568,Boris;", format), ",");
  format.row_separator.clear();
  format.quote = '|';
  EXPECT_EQ(DetectColumnSeparator("|79201234567|,|Anna|\n|79201234568|,|Boris|\n", format), ",");
  format.quote.reset();
  format.skip_rows = 2;
  EXPECT_EQ(DetectColumnSeparator("a;b\nc;d\n79201234567|Anna\n", format), "|");
}

TEST(CheckIsTextTest, BinaryFilesAreKnown) {
  using namespace std::string_view_literals;
  const std::string xlsx = std::string("PK\x03\x04") + std::string(20, 'z') + "[Content_Types].xml";
  EXPECT_THAT(CheckIsText(xlsx, Encoding::kUtf8),
              StatusIs(kInvalid, "is an XLSX file, which is not read: save it as CSV or XLS"));
  for (const std::string_view junk : {"PK\x03\x04 other archives"sv,
                                      "\x7F"
                                      "ELF\x02\x01"sv,
                                      "\xFF\xD8\xFF\xE0"sv, "\x89PNG\r\n\x1A\n"sv, "%PDF-1.7"sv,
                                      "\x1F\x8B\x08"sv, "Rar!\x1A\x07"sv, "{\\rtf1"sv}) {
    EXPECT_THAT(CheckIsText(junk, Encoding::kWindows1251),
                StatusIs(kInvalid, "is not a text file"));
  }
  std::string noise;
  for (int i = 0; i < 4096; ++i) noise += static_cast<char>(i * 7);
  EXPECT_THAT(CheckIsText(noise, Encoding::kWindows1251),
              StatusIs(kInvalid, "is not a text file in Windows-1251"));
  EXPECT_THAT(
      CheckIsText(Encode("79201234567;Anna\n79201234567;Anna\n", "UTF-16LE"), Encoding::kUtf8),
      StatusIs(kInvalid, "is not a text file in UTF-8"));
}

TEST(CheckIsTextTest, TextWithSomeDamageIsText) {
  EXPECT_OK(CheckIsText("", Encoding::kUtf8));
  EXPECT_OK(CheckIsText("PKW;79201234567", Encoding::kUtf8));
  EXPECT_OK(CheckIsText(std::string("7920\0;Anna\n79201234567;Anna\n", 27), Encoding::kUtf8));
  EXPECT_OK(
      CheckIsText(Encode("79201234567;Anna\n79201234567;Anna\n", "UTF-16LE"), Encoding::kUtf16));
}

}  // namespace
}  // namespace campaigner::imports

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/imports/reading/text_row_source.h"
#include "tests/unit/imports/rows.h"

namespace campaigner::imports {
namespace {

// A file as a program writes it, and what must come out of it.
struct Written {
  Format format;
  bool is_big_endian = false;
  std::string bytes;
  std::vector<std::string> rows;
};

class Writer {
 public:
  explicit Writer(uint32_t seed) : random_(seed) {}

  Written Write() {
    Written written;
    ChooseFormat(written);
    std::string text;
    int64_t number = 0;
    for (size_t i = Below(12); i > 0; --i) {
      ++number;
      const std::string row_separator = RowSeparator(written.format);
      if (Below(6) == 0) {
        text += row_separator;
        continue;
      }
      RawRow row;
      row.number = number;
      std::vector<std::string> values(1 + Below(4));
      for (std::string& value : values) {
        value = Value(written.format);
        if (&value != values.data()) text += written.format.column_separator;
        text += Quoted(value, written.format);
      }
      text += row_separator;
      // Rows without a visible character are passed over.
      bool is_blank = true;
      for (const std::string& value : values) {
        is_blank = is_blank && value.find_first_not_of(" \t\r\n") == std::string::npos;
        row.cells.push_back(value);
      }
      if (!is_blank) written.rows.push_back(Show(row));
    }
    written.bytes = Encode(text, encoding_name_);
    return written;
  }

 private:
  size_t Below(size_t end) { return random_() % end; }

  void ChooseFormat(Written& written) {
    constexpr std::pair<Encoding, const char*> kEncodings[] = {
        {Encoding::kUtf8, "UTF-8"},     {Encoding::kWindows1251, "windows-1251"},
        {Encoding::kKoi8R, "KOI8-R"},   {Encoding::kCp866, "cp866"},
        {Encoding::kUtf16, "UTF-16LE"}, {Encoding::kUtf16, "UTF-16BE"}};
    const auto& [encoding, name] = kEncodings[Below(std::size(kEncodings))];
    written.format.encoding = encoding;
    written.is_big_endian = std::string_view(name) == "UTF-16BE";
    encoding_name_ = name;
    do {
      constexpr const char* kRows[] = {"", "", "\n", "\r\n", "|", "<br>", ";;", "Ж"};
      constexpr const char* kColumns[] = {";", ",", "\t", "::", ";", "а", "-;-"};
      written.format.row_separator = kRows[Below(std::size(kRows))];
      written.format.column_separator = kColumns[Below(std::size(kColumns))];
      written.format.quote = Below(2) == 0 ? '"' : '\'';
      // Of separators that share bytes, no reader can tell empty values and rows apart.
    } while (!ValidateFormat(written.format).empty() ||
             written.format.row_separator.find_first_of(written.format.column_separator) !=
                 std::string::npos);
  }

  std::string RowSeparator(const Format& format) {
    if (!format.row_separator.empty()) return format.row_separator;
    constexpr const char* kAny[] = {"\n", "\r\n", "\r"};
    // "\r" and an empty row's "\n" would be one line end.
    return kAny[Below(2)];
  }

  std::string Value(const Format& format) {
    std::string value;
    for (size_t i = Below(5); i > 0; --i) {
      switch (Below(10)) {
        case 0: value += format.column_separator; break;
        case 1: value += format.row_separator; break;
        case 2: value += *format.quote; break;
        case 3: value += "\r\n"; break;
        case 4: value += " "; break;
        case 5: value += format.encoding <= Encoding::kUtf8 ? "😀" : "ё"; break;
        case 6: value += format.encoding == Encoding::kUtf16 ? "😀" : "Я"; break;
        case 7: value += "абв"; break;
        default: value += "x7"; break;
      }
    }
    return value;
  }

  std::string Quoted(const std::string& value, const Format& format) {
    const auto holds = [&](const std::string& what) {
      return value.find(what) != std::string::npos;
    };
    const bool must = holds("\n") || holds("\r") || value.find(*format.quote) == 0 ||
                      MayMeet(value, format.column_separator) ||
                      MayMeet(value, format.row_separator);
    if (!must && Below(3) > 0) return value;
    std::string quoted(1, *format.quote);
    for (const char c : value) {
      if (c == *format.quote) quoted += c;
      quoted += c;
    }
    return quoted + *format.quote;
  }

  // Whether a separator is in the value, or begins in it and ends in what follows.
  static bool MayMeet(const std::string& value, const std::string& separator) {
    if (separator.empty()) return false;
    if (value.find(separator) != std::string::npos) return true;
    return value.find_last_of(separator) != std::string::npos;
  }

  std::mt19937 random_;
  const char* encoding_name_ = "";
};

std::unique_ptr<TextRowSource> Open(const Written& written, const TextSizes& sizes) {
  return std::make_unique<TextRowSource>(BytesInMemory(written.bytes), written.format,
                                         written.is_big_endian, 0, sizes);
}

TEST(TextRowsPropertyTest, WhatIsWrittenIsReadWhateverTheChunks) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    const Written written = Writer(seed).Write();
    for (const size_t chunk_bytes : {4, 5, 7, 16, 64, 4096}) {
      const auto source = Open(written, {.chunk_bytes = chunk_bytes, .row_bytes_max = 512});
      ASSERT_EQ(ReadAll(*source), written.rows)
          << "seed " << seed << ", " << EncodingName(written.format.encoding) << "\n"
          << written.bytes;
      ASSERT_EQ(source->bytes_read(), source->bytes_total());
    }
  }
}

TEST(TextRowsPropertyTest, EveryPositionResumes) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    const Written written = Writer(seed).Write();
    const TextSizes sizes = {.chunk_bytes = 8 + seed % 64, .row_bytes_max = 512};
    const auto source = Open(written, sizes);
    RawRow row;
    for (size_t read = 0;; ++read) {
      TextSizes short_turns = sizes;
      short_turns.passed_over_bytes_max = 1 + seed % 50;
      const auto resumed = Open(written, short_turns);
      resumed->Seek(source->position());
      const std::vector<std::string> rest(written.rows.begin() + static_cast<ptrdiff_t>(read),
                                          written.rows.end());
      ASSERT_EQ(ReadAll(*resumed), rest) << "seed " << seed << " behind " << read;
      ASSERT_OK_AND_ASSIGN(const bool more, source->Next(row));
      if (!more) break;
    }
  }
}

// As ReadAll, but a new source goes on wherever `source` gives back control.
std::vector<std::string> ReadAllOverAgain(const Written& written, TextRowSource& source) {
  std::vector<std::string> rows;
  RawRow row;
  std::unique_ptr<TextRowSource> next;
  for (TextRowSource* present = &source; !present->has_ended();) {
    const auto more = present->Next(row);
    EXPECT_OK(more);
    if (!more.ok()) break;
    if (*more) rows.push_back(Show(row));
    if (*more || present->has_ended() || present->position() == Position{}) continue;
    auto resumed = Open(written, {.chunk_bytes = 64, .row_bytes_max = 64});
    resumed->Seek(present->position());
    next = std::move(resumed);
    present = next.get();
  }
  return rows;
}

// Bytes of any kind, in any encoding: the same rows for every chunk size and from every position.
TEST(TextRowsPropertyTest, JunkIsReadTheSameFromEverywhere) {
  std::mt19937 random(11);
  const std::string pieces[] = {"\"",
                                "\"\"",
                                ";",
                                "\n",
                                "\r",
                                "\r\n",
                                "a",
                                "Я",
                                "\xFF",
                                "\xD0",
                                std::string(1, '\0'),
                                "x;\"y",
                                std::string(40, 'z')};
  for (int round = 0; round < 3000; ++round) {
    Written written;
    written.format.encoding = static_cast<Encoding>(1 + random() % 5);
    written.format.column_separator = ";";
    if (random() % 4 == 0) written.format.row_separator = "\r\n";
    for (size_t i = random() % 40; i > 0; --i)
      written.bytes += pieces[random() % std::size(pieces)];
    const TextSizes sizes = {.chunk_bytes = 4096, .row_bytes_max = 64};
    const auto whole = Open(written, sizes);
    RawRow row;
    std::vector<std::string> rows;
    while (true) {
      const auto resumed = Open(written, {.chunk_bytes = 4 + random() % 9, .row_bytes_max = 64});
      resumed->Seek(whole->position());
      const auto more = whole->Next(row);
      ASSERT_OK(more);
      RawRow again;
      const auto more_again = resumed->Next(again);
      ASSERT_OK(more_again);
      ASSERT_EQ(*more, *more_again);
      if (!*more) break;
      ASSERT_EQ(Show(row), Show(again)) << "round " << round << "\n" << written.bytes;
      ASSERT_EQ(whole->position(), resumed->position());
      rows.push_back(Show(row));
    }
    ASSERT_EQ(whole->bytes_read(), whole->bytes_total());
    ASSERT_EQ(ReadAll(*Open(written, {.chunk_bytes = 4, .row_bytes_max = 64})), rows);
    const auto turns =
        Open(written, {.chunk_bytes = 4, .row_bytes_max = 64, .passed_over_bytes_max = 1});
    ASSERT_EQ(ReadAllOverAgain(written, *turns), rows);
  }
}

}  // namespace
}  // namespace campaigner::imports

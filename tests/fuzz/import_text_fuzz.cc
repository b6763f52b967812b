#include <string>

#include "server/base/text.h"
#include "server/imports/reading/text_row_source.h"
#include "tests/fuzz/input.h"

namespace {

namespace imports = campaigner::imports;
using campaigner::fuzz::Require;

// The first two bytes choose how the rest is read.
imports::Format ChooseFormat(uint8_t first, uint8_t second) {
  constexpr const char* kRows[] = {"", "\n", "\r\n", "<br>"};
  constexpr const char* kColumns[] = {";", ",", "::", "\xD0\x96"};
  imports::Format format;
  format.encoding = static_cast<imports::Encoding>(1 + first % 5);
  format.row_separator = kRows[second % 4];
  format.column_separator = kColumns[second / 4 % 4];
  if (second / 16 % 4 == 0) format.quote.reset();
  return format;
}

imports::TextRowSource Source(const imports::Format& format, std::string text, size_t chunk_bytes) {
  return {imports::BytesInMemory(std::move(text)),
          format,
          false,
          0,
          {.chunk_bytes = chunk_bytes, .row_bytes_max = 64}};
}

}  // namespace

// Ends, with valid text in every cell, and goes on from every position with the same rows.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const imports::Format format = ChooseFormat(data[0], data[1]);
  const std::string text(campaigner::fuzz::Text(data + 2, size - 2));
  imports::TextRowSource source = Source(format, text, 4096);
  imports::TextRowSource other = Source(format, text, 4 + data[0] % 16);
  imports::RawRow row;
  imports::RawRow other_row;
  int64_t previous = 0;
  while (true) {
    other.Seek(source.position());
    const auto more = source.Next(row);
    const auto other_more = other.Next(other_row);
    Require(more.ok() && other_more.ok() && *more == *other_more);
    if (!*more) break;
    Require(row.number > previous && row.number == other_row.number);
    Require(row.cells == other_row.cells && row.problem == other_row.problem);
    Require(source.position() == other.position());
    for (const std::string_view cell : row.cells) {
      Require(campaigner::base::IsValidUtf8(cell) && cell.find('\0') == std::string_view::npos);
    }
    previous = row.number;
  }
  Require(source.bytes_read() == source.bytes_total());
  return 0;
}

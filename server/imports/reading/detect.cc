#include "server/imports/reading/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "server/imports/reading/row_splitter.h"

namespace campaigner::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kZipMark = "PK\x03\x04";
// Formats whose names users see in their folders.
constexpr std::string_view kBinaryMarks[] = {
    kZipMark,
    "PK\x05\x06"sv,
    "\x7F"
    "ELF"sv,
    "\xFF\xD8\xFF"sv,
    "\x89PNG\r\n"sv,
    "GIF8"sv,
    "%PDF-"sv,
    "\x1F\x8B\x08"sv,
    "Rar!\x1A"sv,
    "7z\xBC\xAF\x27"sv,
    "BZh9"sv,
    "\xFD"
    "7zXZ"sv,
    "{\\rtf"sv,
    "SQLite format 3"sv,
};
// More of them than that are no accident.
constexpr size_t kControlsMin = 16;
constexpr size_t kControlsShare = 50;

bool IsControl(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
}

// Rows that are looked at.
constexpr int kRows = 100;

struct Cut {
  int rows = 0;      // That have the commonest number of cells.
  size_t cells = 0;  // That number.
};

// A value that was cut in two by what is no separator leaves a quote on each side.
bool HasOddQuotes(std::string_view row, const RowSplitter& splitter, const Format& format) {
  if (!format.quote) return false;
  const auto& cells = splitter.cells();
  return std::any_of(cells.begin(), cells.end(), [&](const RowSplitter::Cell& cell) {
    return std::count(row.begin() + static_cast<ptrdiff_t>(cell.begin),
                      row.begin() + static_cast<ptrdiff_t>(cell.end), *format.quote) %
               2 ==
           1;
  });
}

Cut CutRows(std::string_view sample, const Format& format) {
  RowSplitter splitter(format);
  std::map<size_t, int> rows_by_cells;
  for (int i = 0; i < format.skip_rows + kRows && !sample.empty(); ++i) {
    const RowSplitter::Row row = splitter.Split(sample, true);
    const bool counts = i >= format.skip_rows && row.text_size > 0 && row.problem.empty() &&
                        !HasOddQuotes(sample, splitter, format);
    if (counts) ++rows_by_cells[splitter.cells().size()];
    sample.remove_prefix(row.full_size);
  }
  Cut best;
  for (const auto& [cells, rows] : rows_by_cells) {
    if (cells > 1 && rows >= best.rows) best = {rows, cells};
  }
  return best;
}

}  // namespace

bool IsXls(std::string_view sample) {
  return sample.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv);
}

absl::Status CheckIsText(std::string_view sample, Encoding encoding) {
  if (sample.starts_with(kZipMark) &&
      (sample.find("[Content_Types].xml") != std::string_view::npos ||
       sample.find("xl/") != std::string_view::npos)) {
    return absl::InvalidArgumentError("is an XLSX file, which is not read: save it as CSV or XLS");
  }
  const bool is_binary =
      std::any_of(std::begin(kBinaryMarks), std::end(kBinaryMarks),
                  [&](std::string_view mark) { return sample.starts_with(mark); });
  if (is_binary) return absl::InvalidArgumentError("is not a text file");
  if (encoding == Encoding::kUtf16) return absl::OkStatus();
  const auto controls = static_cast<size_t>(std::count_if(sample.begin(), sample.end(), IsControl));
  if (controls >= kControlsMin && controls > sample.size() / kControlsShare) {
    return absl::InvalidArgumentError(
        fmt::format("is not a text file in {}", EncodingName(encoding)));
  }
  return absl::OkStatus();
}

std::string DetectColumnSeparator(std::string_view sample, const Format& format) {
  Format tried = format;
  std::string best_separator = ";";
  Cut best;
  for (const char* separator : {";", "\t", "|", ","}) {
    tried.column_separator = separator;
    if (!ValidateFormat(tried).empty()) continue;
    const Cut cut = CutRows(sample, tried);
    if (cut.rows > best.rows) {
      best = cut;
      best_separator = separator;
    }
  }
  return best_separator;
}

}  // namespace campaigner::imports

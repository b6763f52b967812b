#include "server/imports/reading/xls_text.h"

#include <fmt/format.h>
#include <freexl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "server/base/limits.h"

namespace campaigner::imports {
namespace {

// Doubles hold whole numbers up to here.
constexpr double kWholeMax = 9007199254740992.0;

absl::Status Damaged() {
  return absl::InvalidArgumentError("is damaged or not an XLS file of a known version");
}

void AppendNumber(double value, std::string& text) {
  if (std::trunc(value) == value && std::abs(value) < kWholeMax) {
    fmt::format_to(std::back_inserter(text), "{}", static_cast<int64_t>(value));
  } else if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(text), "{}", value);
  }
}

void AppendText(const char* value, std::string& text) {
  const auto is_separator = [](char c) {
    return c == kXlsColumnSeparator || c == kXlsRowSeparator;
  };
  std::replace_copy_if(value, value + std::strlen(value), std::back_inserter(text), is_separator,
                       ' ');
}

void AppendValue(const FreeXL_CellValue& cell, std::string& text) {
  switch (cell.type) {
    case FREEXL_CELL_INT:
      fmt::format_to(std::back_inserter(text), "{}", cell.value.int_value);
      break;
    case FREEXL_CELL_DOUBLE: AppendNumber(cell.value.double_value, text); break;
    case FREEXL_CELL_TEXT:
    case FREEXL_CELL_SST_TEXT:
    case FREEXL_CELL_DATE:
    case FREEXL_CELL_DATETIME:
    case FREEXL_CELL_TIME:
      if (cell.value.text_value != nullptr) AppendText(cell.value.text_value, text);
      break;
    default: break;
  }
}

absl::Status WriteRows(const void* workbook, std::FILE* out) {
  uint32_t rows = 0;
  uint16_t columns = 0;
  if (freexl_worksheet_dimensions(workbook, &rows, &columns) != FREEXL_OK) return Damaged();
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    text.clear();
    for (uint16_t column = 0; column < columns; ++column) {
      FreeXL_CellValue cell = {};
      if (freexl_get_cell_value(workbook, row, column, &cell) == FREEXL_OK) AppendValue(cell, text);
      text += kXlsColumnSeparator;
    }
    // Trailing empty cells are nobody's.
    text.resize(text.find_last_not_of(kXlsColumnSeparator) + 1);
    text += kXlsRowSeparator;
    if (std::fwrite(text.data(), 1, text.size(), out) != text.size()) {
      return absl::UnavailableError("the text cannot be written");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteXlsAsText(const std::string& path, int32_t sheet, std::FILE* out) {
  const void* opened = nullptr;
  const int error = freexl_open(path.c_str(), &opened);
  // A handle comes with errors too.
  const std::unique_ptr<const void, int (*)(const void*)> workbook(opened, freexl_close);
  if (error != FREEXL_OK) return Damaged();
  uint32_t password = FREEXL_BIFF_PLAIN;
  freexl_get_info(opened, FREEXL_BIFF_PASSWORD, &password);
  if (password == FREEXL_BIFF_OBFUSCATED) {
    return absl::InvalidArgumentError("is protected by a password");
  }
  uint32_t sheets = 0;
  if (freexl_get_info(opened, FREEXL_BIFF_SHEET_COUNT, &sheets) != FREEXL_OK) return Damaged();
  if (static_cast<uint32_t>(sheet) > sheets) {
    return absl::InvalidArgumentError(fmt::format("has no sheet {}, only {}", sheet, sheets));
  }
  const auto index = static_cast<uint16_t>(sheet - 1);
  if (freexl_select_active_worksheet(opened, index) != FREEXL_OK) return Damaged();
  return WriteRows(opened, out);
}

}  // namespace campaigner::imports

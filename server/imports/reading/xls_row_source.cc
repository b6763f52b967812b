#include "server/imports/reading/xls_row_source.h"

#include <fmt/format.h>
#include <freexl.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

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
      if (cell.value.text_value != nullptr) text += cell.value.text_value;
      break;
    default: break;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<XlsRowSource>> XlsRowSource::Open(const std::string& path,
                                                                 int64_t file_bytes,
                                                                 const Format& format) {
  if (file_bytes > limits::kImportXlsBytesMax) {
    return absl::InvalidArgumentError(fmt::format(
        "is an XLS file of more than {} MiB: save it as CSV", limits::kImportXlsBytesMax >> 20));
  }
  const void* handle = nullptr;
  const int error = freexl_open(path.c_str(), &handle);
  // Takes over the handle of a failure too.
  std::unique_ptr<XlsRowSource> source(new XlsRowSource(handle, file_bytes, format.skip_rows));
  if (error != FREEXL_OK) return Damaged();
  RETURN_IF_ERROR(source->SelectSheet(format.sheet));
  return source;
}

XlsRowSource::~XlsRowSource() {
  if (handle_ != nullptr) freexl_close(handle_);
}

absl::Status XlsRowSource::SelectSheet(int32_t sheet) {
  uint32_t password = FREEXL_BIFF_PLAIN;
  freexl_get_info(handle_, FREEXL_BIFF_PASSWORD, &password);
  if (password == FREEXL_BIFF_OBFUSCATED) {
    return absl::InvalidArgumentError("is protected by a password");
  }
  uint32_t sheets = 0;
  if (freexl_get_info(handle_, FREEXL_BIFF_SHEET_COUNT, &sheets) != FREEXL_OK) return Damaged();
  if (static_cast<uint32_t>(sheet) > sheets) {
    return absl::InvalidArgumentError(fmt::format("has only {} sheets", sheets));
  }
  if (freexl_select_active_worksheet(handle_, static_cast<uint16_t>(sheet - 1)) != FREEXL_OK ||
      freexl_worksheet_dimensions(handle_, &row_count_, &column_count_) != FREEXL_OK) {
    return Damaged();
  }
  column_count_ = std::min<uint16_t>(column_count_, limits::kImportColumnsMax);
  cells_.resize(column_count_);
  return absl::OkStatus();
}

absl::StatusOr<bool> XlsRowSource::Next(RawRow& row) {
  while (row_ < row_count_) {
    ++row_;
    if (row_ <= skip_rows_ || !TakeCells()) continue;
    row.number = row_;
    row.problem = {};
    row.cells.assign(cells_.begin(), cells_.end());
    while (row.cells.back().empty()) row.cells.pop_back();
    const bool is_text = std::all_of(cells_.begin(), cells_.end(), base::IsValidUtf8);
    if (!is_text) {
      row.problem = "is not valid text";
      for (size_t i = 0; i < row.cells.size(); ++i) {
        cells_[i] = base::Printable(cells_[i], limits::kImportDamagedCellBytesMax);
        row.cells[i] = cells_[i];
      }
    }
    return true;
  }
  return false;
}

bool XlsRowSource::TakeCells() {
  bool is_empty = true;
  for (uint16_t column = 0; column < column_count_; ++column) {
    std::string& text = cells_[column];
    text.clear();
    FreeXL_CellValue cell = {};
    const auto index = static_cast<uint32_t>(row_ - 1);
    if (freexl_get_cell_value(handle_, index, column, &cell) == FREEXL_OK) AppendValue(cell, text);
    is_empty = is_empty && text.find_first_not_of(" \t\r\n") == std::string::npos;
  }
  return !is_empty;
}

int64_t XlsRowSource::bytes_read() const {
  return row_count_ == 0 ? file_bytes_ : file_bytes_ * row_ / row_count_;
}

}  // namespace campaigner::imports

#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/status/status.h"

namespace campaigner::imports {

// Between cells and between rows of the text that a sheet becomes. Where they stand in a cell, a
// space is written.
inline constexpr char kXlsColumnSeparator = '\x1F';
inline constexpr char kXlsRowSeparator = '\x1E';

// Writes a sheet (counted from 1) of an XLS file to `out` as text in UTF-8, by FreeXL, which holds
// all of it in memory and trusts what it reads: only for a process that may die of it, see
// ConvertXls. Whole numbers come without exponent and ".0", dates as "2026-11-22", dates with times
// as "2026-11-22 10:30:00". Errors as ConvertXls'.
absl::Status WriteXlsAsText(const std::string& path, int32_t sheet, std::FILE* out);

}  // namespace campaigner::imports

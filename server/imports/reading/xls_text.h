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

// How campaigner-xls exits where the file is refused, with the reason on standard error, and where
// the text does not fit on the disk. Any other end but 0 is a file that broke it.
inline constexpr int kXlsRefused = 1;
inline constexpr int kXlsNoRoom = 3;

// Writes a sheet (counted from 1) of an XLS file to `out` as text in UTF-8, by FreeXL, which holds
// all of it in memory and trusts what it reads: only for a process that may die of it, see
// XlsConversion. Whole numbers come without exponent and ".0", dates as "2026-11-22", dates with
// times as "2026-11-22 10:30:00". Errors as XlsConversion's.
absl::Status WriteXlsAsText(const std::string& path, int32_t sheet, std::FILE* out);

}  // namespace campaigner::imports

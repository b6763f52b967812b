#pragma once

#include <gtest/gtest.h>
#include <unicode/ucnv.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "server/imports/reading/row_source.h"
#include "tests/support/status_matchers.h"

namespace campaigner::imports {

// "3: cell|cell", and "!problem" behind a damaged row.
inline std::string Show(const RawRow& row) {
  std::string text = std::to_string(row.number) + ": ";
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (i > 0) text += '|';
    text += row.cells[i];
  }
  if (!row.problem.empty()) text += "!" + std::string(row.problem);
  return text;
}

// All rows that are left, by Show.
inline std::vector<std::string> ReadAll(RowSource& source) {
  std::vector<std::string> rows;
  RawRow row;
  while (true) {
    const absl::StatusOr<bool> more = source.Next(row);
    EXPECT_OK(more);
    if (!more.ok() || (!*more && source.has_ended())) return rows;
    if (*more) rows.push_back(Show(row));
  }
}

inline void WriteFile(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
}

// UTF-8 in another encoding, by ICU.
inline std::string Encode(std::string_view text, const char* encoding) {
  UErrorCode error = U_ZERO_ERROR;
  std::string encoded(text.size() * 2 + 8, '\0');
  const int32_t size =
      ucnv_convert(encoding, "UTF-8", encoded.data(), static_cast<int32_t>(encoded.size()),
                   text.data(), static_cast<int32_t>(text.size()), &error);
  EXPECT_TRUE(U_SUCCESS(error)) << u_errorName(error);
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

}  // namespace campaigner::imports

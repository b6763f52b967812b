#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/error.h"

namespace campaigner::imports {

// Numbers are stored, and equal to those of campaigner.v1.ImportFormat.Encoding.
enum class Encoding : uint8_t {
  kDetect = 0,
  kUtf8 = 1,
  kWindows1251 = 2,
  kKoi8R = 3,
  kCp866 = 4,
  // Byte order by its mark, else by where the zeros of ASCII characters stand, else little-endian.
  kUtf16 = 5,
};
// "Windows-1251" .. ; "" for kDetect.
const char* EncodingName(Encoding encoding);

// A column that becomes a field of the message.
struct FieldColumn {
  std::string name;
  int32_t column = 0;
  // Instead of the column: what the header says above it.
  std::string header = {};
};

// How a file is read: the domain's side of campaigner.v1.ImportFormat. Columns are counted from 1.
struct Format {
  // XLS has no encoding, separators or quote.
  Encoding encoding = Encoding::kDetect;
  // Rows of the file, empty ones too, before the header or the first recipient.
  int32_t skip_rows = 0;
  // As they stand in a file, decoded to UTF-8. No row separator: \n, \r\n and \r, also mixed.
  std::string row_separator;
  // Empty: found out from the file.
  std::string column_separator;
  // Absent: values have no quotes.
  std::optional<char> quote = '"';
  int32_t address_column = 1;
  std::vector<FieldColumn> fields;
  int32_t external_id_column = 0;  // 0: none.
  int32_t sheet = 1;               // XLS only.
  // Instead of the columns: what the header says above them.
  std::string address_header;
  std::string external_id_header;
  // The header names the fields: see AddHeaderFields.
  bool header_names_fields = false;

  // Whether the first row after skip_rows that is not empty is a header.
  bool has_header() const;
};

// What is wrong with a format before any file is looked at: paths within it ("fields[2].column")
// and reasons that fit behind them ("must be at least 1"). Empty: nothing.
std::vector<base::FieldViolation> ValidateFormat(const Format& format);

// Gives the columns that are named by headers their numbers. INVALID_ARGUMENT with a reason that
// fits behind the file's name: no column has such a header, or more than one. Done twice, it
// changes nothing.
absl::Status ResolveHeaders(const std::vector<std::string_view>& header, Format& format);

// Makes fields of the columns that the format gives no use, under the names in `header`. A name
// that a template cannot show ("First name"), or that is taken, becomes "field_" and the column's
// number. Unnamed columns and those past limits::kFieldsMax fields are left out. Done twice, it
// changes nothing.
void AddHeaderFields(const std::vector<std::string_view>& header, Format& format);

}  // namespace campaigner::imports

#include "server/imports/reading/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/template.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

class FormatCheck {
 public:
  explicit FormatCheck(const Format& format) : format_(format) {}

  std::vector<base::FieldViolation> Run() && {
    if (format_.encoding > Encoding::kUtf16) Add("encoding", "is not known");
    if (format_.skip_rows < 0 || format_.skip_rows > limits::kImportSkipRowsMax) {
      Add("skip_rows", fmt::format("must be 0 to {}", limits::kImportSkipRowsMax));
    }
    CheckSeparators();
    CheckColumn("address_column", format_.address_column, 1);
    CheckHeader("address_header", format_.address_header);
    CheckHeader("external_id_header", format_.external_id_header);
    CheckFields();
    CheckColumn("external_id_column", format_.external_id_column, 0);
    if (format_.sheet < 1) Add("sheet", "must be at least 1");
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string description) {
    violations_.push_back({std::move(field), std::move(description)});
  }

  void CheckColumn(std::string field, int32_t column, int32_t least) {
    if (column < least || column > limits::kImportColumnsMax) {
      Add(std::move(field), fmt::format("must be {} to {}", least, limits::kImportColumnsMax));
    }
  }

  void CheckHeader(std::string field, const std::string& header) {
    if (!base::IsValidUtf8(header) || base::CountCodePoints(header) > limits::kFieldValueCharsMax) {
      Add(std::move(field),
          fmt::format("must be UTF-8 of at most {} characters", limits::kFieldValueCharsMax));
    }
  }

  void CheckSeparators() {
    const std::string& row = format_.row_separator;
    const std::string& column = format_.column_separator;
    CheckSeparator("row_separator", row);
    CheckSeparator("column_separator", column);
    if (!column.empty() && column == row) {
      Add("column_separator", "must not be the same as the row separator");
    } else if (row.empty() && column.find_first_of("\r\n") != std::string::npos) {
      Add("column_separator", "must not hold a line end where line ends separate rows");
    }
    if (!format_.quote) return;
    const char quote = *format_.quote;
    if (quote <= ' ' || quote > '~') {
      Add("quote", "must be a visible ASCII character");
    } else if (row.find(quote) != std::string::npos || column.find(quote) != std::string::npos) {
      Add("quote", "must not be part of a separator");
    }
  }

  void CheckSeparator(const char* field, const std::string& separator) {
    if (!base::IsValidUtf8(separator)) {
      Add(field, "is not valid UTF-8");
    } else if (separator.find('\0') != std::string::npos) {
      Add(field, "holds a NUL character");
    } else if (base::CountCodePoints(separator) > limits::kImportSeparatorCharsMax) {
      Add(field, fmt::format("must have at most {} characters", limits::kImportSeparatorCharsMax));
    }
  }

  void CheckFields() {
    if (format_.fields.size() > limits::kFieldsMax) {
      return Add("fields", fmt::format("must be at most {}", limits::kFieldsMax));
    }
    std::set<std::string_view> names;
    for (size_t i = 0; i < format_.fields.size(); ++i) {
      const FieldColumn& field = format_.fields[i];
      if (!domain::IsFieldName(field.name)) {
        Add(fmt::format("fields[{}].name", i),
            fmt::format("must be 1 to {} letters, digits, \"_\", \"-\" and \".\"",
                        limits::kFieldNameCharsMax));
      } else if (!names.insert(field.name).second) {
        Add(fmt::format("fields[{}].name", i), "is the same as an earlier one");
      }
      CheckHeader(fmt::format("fields[{}].header", i), field.header);
      CheckColumn(fmt::format("fields[{}].column", i), field.column, field.header.empty() ? 1 : 0);
    }
  }

  const Format& format_;
  std::vector<base::FieldViolation> violations_;
};

// Of a header that nobody finds: so many of those that there are.
constexpr size_t kHeadersShown = 10;
constexpr size_t kHeaderBytesShown = 40;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin);
}

std::string ListHeaders(const std::vector<std::string_view>& header) {
  std::string list;
  for (size_t i = 0; i < std::min(header.size(), kHeadersShown); ++i) {
    fmt::format_to(std::back_inserter(list), "{}\"{}\"", i == 0 ? "" : ", ",
                   base::Printable(Trim(header[i]), kHeaderBytesShown));
  }
  return header.size() > kHeadersShown ? list + ", .." : list;
}

absl::Status FindColumn(const std::vector<std::string_view>& header, std::string_view wanted,
                        int32_t& column) {
  const auto is_it = [&](std::string_view cell) { return Trim(cell) == Trim(wanted); };
  const auto found = std::find_if(header.begin(), header.end(), is_it);
  const std::string shown = base::Printable(wanted, kHeaderBytesShown);
  if (found == header.end()) {
    return absl::InvalidArgumentError(
        fmt::format("has no column \"{}\", only {}", shown, ListHeaders(header)));
  }
  if (std::find_if(found + 1, header.end(), is_it) != header.end()) {
    return absl::InvalidArgumentError(fmt::format("has more than one column \"{}\"", shown));
  }
  column = static_cast<int32_t>(found - header.begin()) + 1;
  return absl::OkStatus();
}

}  // namespace

const char* EncodingName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kDetect: return "";
    case Encoding::kUtf8: return "UTF-8";
    case Encoding::kWindows1251: return "Windows-1251";
    case Encoding::kKoi8R: return "KOI8-R";
    case Encoding::kCp866: return "CP866";
    case Encoding::kUtf16: return "UTF-16";
  }
  return "";
}

std::vector<base::FieldViolation> ValidateFormat(const Format& format) {
  return FormatCheck(format).Run();
}

bool Format::has_header() const {
  return header_names_fields || !address_header.empty() || !external_id_header.empty() ||
         std::any_of(fields.begin(), fields.end(),
                     [](const FieldColumn& field) { return !field.header.empty(); });
}

absl::Status ResolveHeaders(const std::vector<std::string_view>& header, Format& format) {
  if (!format.address_header.empty()) {
    RETURN_IF_ERROR(FindColumn(header, format.address_header, format.address_column));
  }
  if (!format.external_id_header.empty()) {
    RETURN_IF_ERROR(FindColumn(header, format.external_id_header, format.external_id_column));
  }
  for (FieldColumn& field : format.fields) {
    if (field.header.empty()) continue;
    RETURN_IF_ERROR(FindColumn(header, field.header, field.column));
  }
  return absl::OkStatus();
}

void AddHeaderFields(const std::vector<std::string_view>& header, Format& format) {
  const auto is_used = [&](int32_t column) {
    return column == format.address_column || column == format.external_id_column ||
           std::any_of(format.fields.begin(), format.fields.end(),
                       [&](const FieldColumn& field) { return field.column == column; });
  };
  const auto is_taken = [&](std::string_view name) {
    return std::any_of(format.fields.begin(), format.fields.end(),
                       [&](const FieldColumn& field) { return field.name == name; });
  };
  for (size_t i = 0; i < header.size() && format.fields.size() < limits::kFieldsMax; ++i) {
    const int32_t column = static_cast<int32_t>(i) + 1;
    const std::string_view name = Trim(header[i]);
    if (name.empty() || is_used(column)) continue;
    const std::string numbered = fmt::format("field_{}", column);
    if (domain::IsFieldName(name) && !is_taken(name)) {
      format.fields.push_back({std::string(name), column});
    } else if (!is_taken(numbered)) {
      format.fields.push_back({numbered, column});
    }
  }
}

}  // namespace campaigner::imports

#include "server/imports/reading/recipient_mapper.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/email.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

constexpr std::string_view kWhite[] = {" ", "\t", "\r", "\n", "\u00A0", "\uFEFF"};

// Nothing of kWhite begins or ends with these.
bool IsPlain(char c) { return c > ' ' && c <= '~'; }

// Spreadsheets leave no-break spaces too.
std::string_view Trim(std::string_view text) {
  for (bool is_done = false; !is_done;) {
    if (text.empty() || (IsPlain(text.front()) && IsPlain(text.back()))) return text;
    is_done = true;
    for (const std::string_view white : kWhite) {
      if (text.starts_with(white)) text.remove_prefix(white.size()), is_done = false;
      if (text.ends_with(white)) text.remove_suffix(white.size()), is_done = false;
    }
  }
  return text;
}

// Empty where the row has no such column.
std::string_view Value(const RawRow& row, int32_t column) {
  const auto index = static_cast<size_t>(column) - 1;
  return index < row.cells.size() ? Trim(row.cells[index]) : std::string_view();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Spreadsheets write an apostrophe before what they are to leave alone: "'+7920..".
std::string_view WithoutApostrophe(std::string_view value) {
  const bool has_one =
      value.size() > 1 && value[0] == '\'' && (value[1] == '+' || IsDigit(value[1]));
  return has_one ? value.substr(1) : value;
}

// Where a spreadsheet took the number for a quantity ("79201234567.0"): where its whole part ends;
// npos: it is none. The point of a phone number has others beside it, or more behind it.
size_t FindFraction(std::string_view value) {
  const size_t point = value.find('.');
  const size_t behind = point == std::string_view::npos ? 0 : value.size() - point - 1;
  const std::string_view whole = value.substr(0, point);
  const bool is_fraction = (behind == 1 || behind == 2) && !whole.empty() &&
                           std::all_of(whole.begin(), whole.end(), IsDigit) &&
                           std::all_of(value.end() - behind, value.end(), IsDigit);
  return is_fraction ? point : std::string_view::npos;
}

bool HasMoreCharacters(std::string_view value, size_t characters_max) {
  return value.size() > characters_max && base::CountCodePoints(value) > characters_max;
}

}  // namespace

RecipientMapper::RecipientMapper(const domain::PhoneNormalizer& phones, const Format& format,
                                 std::string_view channel, std::string_view region)
    : phones_(phones),
      is_email_(channel == "email"),
      region_(region),
      address_column_(format.address_column),
      external_id_column_(format.external_id_column),
      fields_(format.fields) {}

bool RecipientMapper::Map(const RawRow& row, Recipient& recipient,
                          std::vector<std::string>& problems) const {
  recipient.address.clear();
  recipient.fields.clear();
  recipient.external_id.clear();
  problems.clear();
  if (!row.problem.empty()) {
    problems.push_back(fmt::format("the row {}", row.problem));
    return false;
  }
  MapAddress(row, recipient, problems);
  MapFields(row, recipient, problems);
  MapExternalId(row, recipient, problems);
  return problems.empty();
}

void RecipientMapper::MapAddress(const RawRow& row, Recipient& recipient,
                                 std::vector<std::string>& problems) const {
  const auto refuse = [&](std::string_view why) {
    problems.push_back(fmt::format("column {}: {}", address_column_, why));
  };
  if (static_cast<size_t>(address_column_) > row.cells.size()) return refuse("is missing");
  std::string_view value = Value(row, address_column_);
  if (value.empty()) return refuse("is empty");
  if (!is_email_) {
    value = WithoutApostrophe(value);
    const size_t fraction = FindFraction(value);
    if (fraction != std::string_view::npos) {
      const bool is_zero = value.find_first_not_of(".0", fraction) == std::string_view::npos;
      if (!is_zero) return refuse("has a fraction: is not a phone number");
      value = value.substr(0, fraction);
    }
  }
  absl::StatusOr<std::string> address =
      is_email_ ? domain::NormalizeEmail(value) : phones_.Normalize(value, region_);
  if (!address.ok()) return refuse(base::ToStd(address.status().message()));
  recipient.address = *std::move(address);
}

void RecipientMapper::MapFields(const RawRow& row, Recipient& recipient,
                                std::vector<std::string>& problems) const {
  for (const FieldColumn& field : fields_) {
    const std::string_view value = Value(row, field.column);
    if (value.empty()) continue;
    if (HasMoreCharacters(value, limits::kFieldValueCharsMax)) {
      problems.push_back(fmt::format("column {} ({}): has more than {} characters", field.column,
                                     field.name, limits::kFieldValueCharsMax));
    } else {
      recipient.fields.emplace(field.name, value);
    }
  }
}

void RecipientMapper::MapExternalId(const RawRow& row, Recipient& recipient,
                                    std::vector<std::string>& problems) const {
  if (external_id_column_ == 0) return;
  const std::string_view value = Value(row, external_id_column_);
  if (HasMoreCharacters(value, limits::kExternalIdCharsMax)) {
    problems.push_back(fmt::format("column {} (external id): has more than {} characters",
                                   external_id_column_, limits::kExternalIdCharsMax));
  } else {
    recipient.external_id = value;
  }
}

}  // namespace campaigner::imports

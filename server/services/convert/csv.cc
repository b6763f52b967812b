#include "server/services/convert/csv.h"

#include <algorithm>

namespace campaigner::services {
namespace {

// "+79201234567", "-1.5": digits with at most a sign in front and a point within.
bool IsPlainNumber(std::string_view value) {
  if (!value.empty() && (value[0] == '+' || value[0] == '-')) value.remove_prefix(1);
  if (value.empty() || value.front() == '.' || value.back() == '.') return false;
  return value.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(value.begin(), value.end(), '.') <= 1;
}

// "+7 (920) 123-45-67": digits with separators behind a plus.
bool IsPhoneNumber(std::string_view value) {
  return value.starts_with('+') &&
         value.find_first_not_of("0123456789 ()-./", 1) == std::string_view::npos &&
         std::any_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsFormula(std::string_view value) {
  constexpr std::string_view kBeginnings = "=+-@\t\r";
  return !value.empty() && kBeginnings.find(value[0]) != std::string_view::npos &&
         !IsPlainNumber(value) && !IsPhoneNumber(value);
}

}  // namespace

void AppendCsvCell(std::string_view value, std::string& text) {
  const bool is_formula = IsFormula(value);
  const bool needs_quotes = is_formula ||
                            value.find_first_of("\",;\r\n") != std::string_view::npos ||
                            (!value.empty() && (value.front() == ' ' || value.back() == ' '));
  if (!needs_quotes) {
    text += value;
    return;
  }
  text += '"';
  if (is_formula) text += '\'';
  for (const char letter : value) {
    if (letter == '"') text += '"';
    text += letter;
  }
  text += '"';
}

}  // namespace campaigner::services

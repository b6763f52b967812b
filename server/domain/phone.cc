#include "server/domain/phone.h"

#include <fmt/format.h>
#include <phonenumbers/phonenumberutil.h>

#include <array>

#include "server/base/status_macros.h"
#include "server/domain/phone_tables.h"

namespace campaigner::domain {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// 15 digits of E.164 behind an international prefix and a carrier's code.
constexpr size_t kDigitsMax = 32;

absl::Status NotANumber() { return absl::InvalidArgumentError("is not a phone number"); }
absl::Status TooShort() { return absl::InvalidArgumentError("is too short for a phone number"); }
absl::Status TooLong() { return absl::InvalidArgumentError("is too long for a phone number"); }
absl::Status UnknownCode() {
  return absl::InvalidArgumentError("starts with an unknown country code");
}

// How many bytes of a separator stand at the start of `text`; 0 if none.
size_t SeparatorLength(std::string_view text) {
  constexpr std::string_view kAscii = " \t-./()[]";
  // What word processors make of spaces and dashes: U+00A0, U+202F, U+2010 .. U+2015.
  constexpr std::string_view kOther[] = {"\u00A0", "\u202F", "\u2010", "\u2011",
                                         "\u2012", "\u2013", "\u2014", "\u2015"};
  if (kAscii.find(text[0]) != std::string_view::npos) return 1;
  for (const std::string_view separator : kOther) {
    if (text.substr(0, separator.size()) == separator) return separator.size();
  }
  return 0;
}

// A number without its separators.
struct Written {
  bool has_plus = false;
  size_t size = 0;
  std::array<char, kDigitsMax> buffer;

  std::string_view digits() const { return {buffer.data(), size}; }
};

absl::StatusOr<Written> StripSeparators(std::string_view text) {
  Written written;
  while (!text.empty()) {
    const char c = text[0];
    size_t length = 1;
    if (c >= '0' && c <= '9') {
      if (written.size == kDigitsMax) return TooLong();
      written.buffer[written.size++] = c;
    } else if (c == '+' && written.size == 0 && !written.has_plus) {
      written.has_plus = true;
    } else {
      length = SeparatorLength(text);
      if (length == 0) return NotANumber();
    }
    text.remove_prefix(length);
  }
  if (written.size == 0) return NotANumber();
  return written;
}

absl::StatusOr<std::string> Parse(const std::string& digits, const std::string& region) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  switch (util.Parse(digits, region, &number)) {
    case PhoneNumberUtil::NO_PARSING_ERROR: break;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR: return UnknownCode();
    case PhoneNumberUtil::NOT_A_NUMBER: return NotANumber();
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN: return TooShort();
    case PhoneNumberUtil::TOO_LONG_NSN: return TooLong();
  }
  switch (util.IsPossibleNumberWithReason(number)) {
    case PhoneNumberUtil::IS_POSSIBLE: break;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE: return UnknownCode();
    // A local number lacks its area code: it cannot be sent to.
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
    case PhoneNumberUtil::TOO_SHORT: return TooShort();
    case PhoneNumberUtil::INVALID_LENGTH:
      return absl::InvalidArgumentError("has the wrong length for a phone number of its country");
    case PhoneNumberUtil::TOO_LONG: return TooLong();
  }
  std::string national;
  util.GetNationalSignificantNumber(number, &national);
  return std::to_string(number.country_code()) + national;
}

}  // namespace

PhoneNormalizer::PhoneNormalizer() : tables_(std::make_unique<PhoneTables>()) {}
PhoneNormalizer::~PhoneNormalizer() = default;

absl::StatusOr<std::string> PhoneNormalizer::Normalize(std::string_view number,
                                                       std::string_view region) const {
  ASSIGN_OR_RETURN(const Written written, StripSeparators(number));
  const std::string_view digits = written.digits();
  if (tables_->IsPlain(digits, written.has_plus, region)) return std::string(digits);
  const std::string international_form = fmt::format("+{}", digits);
  if (written.has_plus) return Parse(international_form, std::string(region));
  auto parsed = Parse(std::string(digits), std::string(region));
  if (parsed.ok()) return parsed;
  auto international = Parse(international_form, std::string(region));
  return international.ok() ? international : parsed;
}

std::string PhoneNormalizer::NationalPart(const std::string& number) const {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber parsed;
  if (util.Parse("+" + number, "", &parsed) != PhoneNumberUtil::NO_PARSING_ERROR) return number;
  std::string national;
  util.GetNationalSignificantNumber(parsed, &national);
  return national;
}

bool PhoneNormalizer::IsRegion(std::string_view region) const { return tables_->IsRegion(region); }

}  // namespace campaigner::domain

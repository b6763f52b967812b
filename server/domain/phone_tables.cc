#include "server/domain/phone_tables.h"

#include <phonenumbers/phonemetadata.pb.h>
#include <phonenumbers/phonenumberutil.h>
#include <unicode/regex.h>

#include <algorithm>
#include <cstdlib>
#include <set>

// libphonenumber's country rules. Exported by the library, but not in its installed headers.
namespace i18n::phonenumbers {
int metadata_size();
const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace campaigner::domain {
namespace {

using i18n::phonenumbers::PhoneMetadata;
using i18n::phonenumbers::PhoneMetadataCollection;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr size_t kPrefixSize = 3;
// Shorter national numbers have no three digits to look up; longer ones libphonenumber refuses.
constexpr size_t kLengthMin = 4;
constexpr size_t kLengthMax = 17;
// What libphonenumber calls the regions of codes without a country.
constexpr char kNoCountry[] = "001";

size_t PrefixOf(std::string_view digits) {
  const auto digit = [&](size_t i) { return static_cast<size_t>(digits[i] - '0'); };
  return digit(0) * 100 + digit(1) * 10 + digit(2);
}

// Two capital letters as a number below 26 * 26.
size_t LettersOf(std::string_view region) {
  const auto letter = [&](size_t i) { return static_cast<size_t>(region[i] - 'A'); };
  return letter(0) * 26 + letter(1);
}

// Marks the prefixes of numbers that `matcher` may match at their start.
class PrefixFinder {
 public:
  PrefixFinder(const std::string& pattern, bool counts_empty_match)
      : counts_empty_match_(counts_empty_match),
        matcher_(icu::UnicodeString::fromUTF8(pattern), 0, error_) {
    Check();
  }

  void MarkFrom(const std::string& prefix, std::bitset<1000>& marked) {
    bool may_match = false;
    const bool is_decided = Decide(prefix, may_match);
    if (!is_decided && prefix.size() < kPrefixSize) {
      for (char digit = '0'; digit <= '9'; ++digit) MarkFrom(prefix + digit, marked);
      return;
    }
    if (is_decided && !may_match) return;
    size_t first = 0;
    size_t count = 1;
    for (const char digit : prefix) first = first * 10 + static_cast<size_t>(digit - '0');
    for (size_t i = prefix.size(); i < kPrefixSize; ++i) count *= 10;
    for (size_t i = first * count; i < (first + 1) * count; ++i) marked.set(i);
  }

 private:
  // Whether more digits behind `prefix` change nothing any more.
  bool Decide(const std::string& prefix, bool& may_match) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(prefix);
    matcher_.reset(text);
    may_match = matcher_.lookingAt(error_);
    if (may_match && !counts_empty_match_) may_match = matcher_.end(error_) > 0;
    const bool is_decided = !prefix.empty() && !matcher_.hitEnd();
    Check();
    return is_decided;
  }

  // The patterns are libphonenumber's own: it does not work without them either.
  void Check() const {
    if (U_FAILURE(error_)) std::abort();
  }

  const bool counts_empty_match_;
  UErrorCode error_ = U_ZERO_ERROR;
  icu::RegexMatcher matcher_;
};

uint32_t PossibleLengths(int code) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  number.set_country_code(code);
  uint32_t lengths = 0;
  uint64_t national = 1;
  for (size_t length = 1; length <= kLengthMax; ++length, national *= 10) {
    number.set_national_number(national);
    if (length >= kLengthMin &&
        util.IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE) {
      lengths |= uint32_t{1} << length;
    }
  }
  return lengths;
}

size_t LongestNationalNumber(const PhoneMetadata& metadata) {
  int longest = 0;
  for (const int length : metadata.general_desc().possible_length()) {
    longest = std::max(longest, length);
  }
  for (const int length : metadata.general_desc().possible_length_local_only()) {
    longest = std::max(longest, length);
  }
  return static_cast<size_t>(longest);
}

}  // namespace

struct PhoneTables::Rules {
  PhoneMetadataCollection all;
  std::map<std::string, const PhoneMetadata*> by_region;
  std::map<int, const PhoneMetadata*> by_code;  // Of codes without a country.
};

PhoneTables::PhoneTables() {
  using i18n::phonenumbers::metadata_get;
  using i18n::phonenumbers::metadata_size;
  Rules rules;
  if (!rules.all.ParseFromArray(metadata_get(), metadata_size())) std::abort();
  for (const PhoneMetadata& metadata : rules.all.metadata()) {
    if (metadata.id() == kNoCountry) {
      rules.by_code[metadata.country_code()] = &metadata;
    } else {
      rules.by_region[metadata.id()] = &metadata;
    }
  }
  std::set<int> codes;
  PhoneNumberUtil::GetInstance()->GetSupportedCallingCodes(&codes);
  for (const int code : codes) AddCode(code, rules);
  std::set<std::string> regions;
  PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
  for (const std::string& region : regions) AddRegion(region, rules);
}

void PhoneTables::AddCode(int code, const Rules& rules) {
  std::string main_region;
  PhoneNumberUtil::GetInstance()->GetRegionCodeForCountryCode(code, &main_region);
  const PhoneMetadata* const metadata =
      main_region == kNoCountry ? rules.by_code.at(code) : rules.by_region.at(main_region);
  std::string digits = std::to_string(code);
  codes_.push_back({.size = digits.size(),
                    .lengths = PossibleLengths(code),
                    .has_prefix = FindPrefixes(metadata->national_prefix_for_parsing(), false)});
  // Calling codes are free of prefixes: each owns all numbers that begin with it.
  const size_t size = digits.size();
  digits.resize(kPrefixSize, '0');
  const size_t first = PrefixOf(digits);
  const size_t count = size == 1 ? 100 : size == 2 ? 10 : 1;
  for (size_t i = first; i < first + count; ++i) {
    code_by_prefix_[i] = static_cast<uint16_t>(codes_.size() - 1);
  }
}

void PhoneTables::AddRegion(const std::string& name, const Rules& rules) {
  const PhoneMetadata& metadata = *rules.by_region.at(name);
  std::string code = std::to_string(metadata.country_code());
  code.resize(kPrefixSize, '0');
  regions_.push_back({.code = code_by_prefix_[PrefixOf(code)],
                      .length_max = LongestNationalNumber(metadata),
                      .has_prefix = FindPrefixes(metadata.national_prefix_for_parsing(), false),
                      .is_dialled = FindPrefixes(metadata.international_prefix(), true)});
  region_by_letters_[LettersOf(name)] = static_cast<uint16_t>(regions_.size() - 1);
}

const PhoneTables::Prefixes* PhoneTables::FindPrefixes(const std::string& pattern,
                                                       bool counts_empty_match) {
  const auto [entry, is_new] =
      prefixes_.try_emplace((counts_empty_match ? "dialled " : "national ") + pattern);
  if (is_new && (counts_empty_match || !pattern.empty())) {
    PrefixFinder(pattern, counts_empty_match).MarkFrom("", entry->second);
  }
  return &entry->second;
}

const PhoneTables::Region* PhoneTables::FindRegion(std::string_view region) const {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (region.size() != 2 || !is_letter(region[0]) || !is_letter(region[1])) return nullptr;
  const uint16_t index = region_by_letters_[LettersOf(region)];
  return index == 0 ? nullptr : &regions_[index];
}

bool PhoneTables::IsPlainWithPlus(std::string_view digits) const {
  const CallingCode& code = codes_[code_by_prefix_[PrefixOf(digits)]];
  if (code.size == 0 || digits.size() < code.size + kLengthMin) return false;
  const std::string_view national = digits.substr(code.size);
  return national.size() <= kLengthMax && ((code.lengths >> national.size()) & 1) != 0 &&
         !code.has_prefix->test(PrefixOf(national));
}

bool PhoneTables::IsPlain(std::string_view digits, bool has_plus, std::string_view region) const {
  if (digits.size() < kPrefixSize || !IsPlainWithPlus(digits)) return false;
  if (has_plus) return true;
  // Without "+", libphonenumber reads the number in its region first. It must find nothing there:
  // no dialling prefix, no national prefix, no possible length; or only the region's calling code.
  const Region* const home = FindRegion(region);
  if (home == nullptr || home->is_dialled->test(PrefixOf(digits))) return false;
  const CallingCode& code = codes_[home->code];
  const bool is_possible_at_home =
      digits.size() <= kLengthMax && ((code.lengths >> digits.size()) & 1) != 0;
  if (is_possible_at_home) return false;
  const bool is_from_home = code_by_prefix_[PrefixOf(digits)] == home->code;
  if (is_from_home && home->has_prefix->test(PrefixOf(digits.substr(code.size)))) return false;
  // What is too long for the region, libphonenumber reads behind its calling code for sure.
  const bool is_too_long = digits.size() > home->length_max;
  return (is_from_home && is_too_long) || !home->has_prefix->test(PrefixOf(digits));
}

}  // namespace campaigner::domain

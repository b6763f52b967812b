#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace campaigner::domain {

// What libphonenumber answers for plain numbers, as tables: which lengths are possible behind each
// calling code, and which numbers no prefix rule touches. Made from libphonenumber's own metadata,
// so that a new version of it needs no change here. Immutable, and so thread-safe.
class PhoneTables {
 public:
  PhoneTables();

  // True if libphonenumber would for sure take `digits` ('0' to '9', with a "+" before them or
  // without) as the E.164 number that they spell. False: it has to be asked.
  bool IsPlain(std::string_view digits, bool has_plus, std::string_view region) const;

  // Whether `region` is an ISO 3166-1 alpha-2 code that libphonenumber knows.
  bool IsRegion(std::string_view region) const { return FindRegion(region) != nullptr; }

 private:
  // By the first three digits of a number.
  using Prefixes = std::bitset<1000>;

  struct CallingCode {
    size_t size = 0;                       // Digits.
    uint32_t lengths = 0;                  // Bit n: national numbers of n digits are possible.
    const Prefixes* has_prefix = nullptr;  // National numbers that a prefix rule may change.
  };
  struct Region {
    size_t code = 0;                       // Index in codes_.
    size_t length_max = 0;                 // Of national numbers.
    const Prefixes* has_prefix = nullptr;  // National numbers that a prefix rule may change.
    const Prefixes* is_dialled = nullptr;  // Numbers that may begin as those dialled abroad.
  };
  struct Rules;

  void AddCode(int code, const Rules& rules);
  void AddRegion(const std::string& name, const Rules& rules);
  const Prefixes* FindPrefixes(const std::string& pattern, bool counts_empty_match);
  const Region* FindRegion(std::string_view region) const;
  bool IsPlainWithPlus(std::string_view digits) const;

  // Index 0 is no code and no region.
  std::vector<CallingCode> codes_ = {{}};
  std::vector<Region> regions_ = {{}};
  std::array<uint16_t, 1000> code_by_prefix_ = {};
  std::array<uint16_t, size_t{26}* 26> region_by_letters_ = {};
  // By pattern: most countries share a few.
  std::map<std::string, Prefixes> prefixes_;
};

}  // namespace campaigner::domain

#include "server/domain/recipient_zone.h"

#include <algorithm>
#include <cstdint>

#include "server/domain/zone_table.h"

namespace campaigner::domain {
namespace {

using zone_table::Prefix;

constexpr size_t kDigits = 15;
constexpr int kBits = 4;

// As Prefix::key, of the first `length` digits. 0 for what is no number.
uint64_t KeyOf(std::string_view digits) {
  uint64_t key = 0;
  for (size_t i = 0; i < kDigits; ++i) {
    key <<= kBits;
    if (i >= digits.size()) continue;
    if (digits[i] < '0' || digits[i] > '9') return 0;
    key |= static_cast<uint64_t>(digits[i] - '0' + 1);
  }
  return key;
}

bool IsPrefix(const Prefix& prefix, uint64_t key) {
  const int rest = static_cast<int>(kDigits - prefix.length) * kBits;
  return (key >> rest) == (prefix.key >> rest);
}

}  // namespace

int RecipientZoneSet(std::string_view recipient) {
  const uint64_t key = KeyOf(recipient);
  if (key == 0) return -1;
  const Prefix* const begin = zone_table::kPrefixes;
  const Prefix* const end = begin + zone_table::kPrefixCount;
  const Prefix* after = std::upper_bound(
      begin, end, key, [](uint64_t value, const Prefix& prefix) { return value < prefix.key; });
  // All prefixes of the number are among the last one before it and that one's own prefixes.
  for (auto index = after - begin - 1; index >= 0; index = begin[index].parent) {
    if (IsPrefix(begin[index], key)) return begin[index].set;
  }
  return -1;
}

std::vector<absl::TimeZone> ZonesOfSet(int zone_set) {
  std::vector<absl::TimeZone> zones;
  if (zone_set < 0 || zone_set >= zone_table::kSetCount) return zones;
  const zone_table::ZoneSet& set = zone_table::kSets[zone_set];
  for (int i = 0; i < set.count; ++i) {
    absl::TimeZone zone;
    if (absl::LoadTimeZone(zone_table::kZones[zone_table::kMembers[set.first + i]], &zone)) {
      zones.push_back(zone);
    }
  }
  return zones;
}

}  // namespace campaigner::domain

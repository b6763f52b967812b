#pragma once

#include <cstdint>

// The time zones of phone number prefixes: data that zone_table.py writes when the server is built.
namespace campaigner::domain::zone_table {

// Zones that some prefix may mean: kMembers[first] and those after it.
struct ZoneSet {
  uint16_t first;
  uint16_t count;
};

struct Prefix {
  // Its digits plus one, four bits each, the first in the highest of 60; the rest is 0.
  uint64_t key;
  uint8_t length;
  // The next shorter prefix of it; -1: there is none.
  int16_t parent;
  // In kSets.
  uint16_t set;
};

extern const char* const kZones[];
extern const ZoneSet kSets[];
extern const int kSetCount;
// Positions in kZones.
extern const uint16_t kMembers[];
// By key.
extern const Prefix kPrefixes[];
extern const int kPrefixCount;

}  // namespace campaigner::domain::zone_table

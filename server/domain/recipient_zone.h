#pragma once

#include <string_view>
#include <vector>

#include "absl/time/time.h"

// Where the recipient of a message may be, by the prefix of its number. From libphonenumber's data:
// see zone_table.py. Pure functions, thread-safe.
namespace campaigner::domain {

// Recipients of one set may be in the same zones. -1: nothing is known, such as of an e-mail
// address. `recipient` is E.164 digits for phone channels. Some tens of nanoseconds.
int RecipientZoneSet(std::string_view recipient);

// The zones of a set, one or more; none for -1. Zones that the system's tzdata does not know are
// left out.
std::vector<absl::TimeZone> ZonesOfSet(int zone_set);

// Both in one.
inline std::vector<absl::TimeZone> RecipientZones(std::string_view recipient) {
  return ZonesOfSet(RecipientZoneSet(recipient));
}

}  // namespace campaigner::domain

#!/usr/bin/python3
"""Writes the time zones of phone number prefixes as a C++ table.

Usage: zone_table.py OUTPUT

The data is libphonenumber's, as Debian's python3-phonenumbers carries it: the longest prefix of a number
tells its zones.
"""
import sys

from phonenumbers.tzdata import TIMEZONE_DATA

DIGITS_MAX = 15


def corrected(data):
    """The data says that every Russian mobile number is in Moscow, but their operators' ranges lie in
    eleven zones, and people move between them with their numbers: they may be in any zone of the country."""
    kazakhstan = {zone for prefix, zones in data.items() if prefix.startswith("77") for zone in zones}
    russia = tuple(zone for zone in data["7"] if zone not in kazakhstan)
    return {**data, "79": russia}


def key(prefix):
    """Four bits for each digit, the first in the highest: sorted like text, a prefix before what begins with it."""
    value = 0
    for i in range(DIGITS_MAX):
        value = value * 16 + (int(prefix[i]) + 1 if i < len(prefix) else 0)
    return value


def main():
    data = corrected(TIMEZONE_DATA)
    zones = sorted({zone for zone_set in data.values() for zone in zone_set})
    sets = sorted(set(data.values()))
    prefixes = sorted(data)
    index_of = {prefix: i for i, prefix in enumerate(prefixes)}

    def parent(prefix):
        for length in range(len(prefix) - 1, 0, -1):
            if prefix[:length] in index_of:
                return index_of[prefix[:length]]
        return -1

    lines = ['#include "server/domain/zone_table.h"', "", "namespace campaigner::domain::zone_table {", ""]
    lines += ["const char* const kZones[] = {", *(f'    "{zone}",' for zone in zones), "};", ""]
    lines += ["const ZoneSet kSets[] = {"]
    members = []
    for zone_set in sets:
        lines.append(f"    {{{len(members)}, {len(zone_set)}}},")
        members += [zones.index(zone) for zone in zone_set]
    lines += ["};", "const int kSetCount = %d;" % len(sets), ""]
    lines += ["const uint16_t kMembers[] = {", *(f"    {member}," for member in members), "};", ""]
    lines += ["const Prefix kPrefixes[] = {"]
    for prefix in prefixes:
        lines.append(f"    {{{key(prefix):#x}, {len(prefix)}, {parent(prefix)}, {sets.index(data[prefix])}}},")
    lines += ["};", "const int kPrefixCount = %d;" % len(prefixes), ""]
    lines += ["}  // namespace campaigner::domain::zone_table", ""]
    with open(sys.argv[1], "w", encoding="ascii") as output:
        output.write("\n".join(lines))


if __name__ == "__main__":
    main()

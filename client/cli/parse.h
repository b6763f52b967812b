#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaigner/v1/campaign.pb.h"

// What people type, as values. INVALID_ARGUMENT says what is expected instead.
namespace campaigner::cli {

// "2026-03-01T10:00:00Z" (RFC 3339), "2026-03-01 10:00[:00]" in `zone`, or "+90m" from `now`.
absl::StatusOr<absl::Time> ParseTime(std::string_view text, absl::Time now,
                                     const absl::TimeZone& zone);

// An IANA name, such as "Europe/Moscow".
absl::StatusOr<absl::TimeZone> ParseZone(const std::string& name);

// "90s", "1h30m", "500ms"; not negative.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// "mon-fri 9-18, sat 10-14": days or ranges of days, then hours from-to (to is not included), any
// number of times. "" and "always" are an absent schedule.
absl::StatusOr<v1::WeeklySchedule> ParseSchedule(std::string_view text);

// "21:00-9:00", "22-8": local times of day, from and to; over midnight where the first is the
// later.
absl::StatusOr<v1::QuietHours> ParseQuietHours(std::string_view text);

// "name=value"; the value may hold further "=".
absl::StatusOr<std::map<std::string, std::string>> ParseFields(
    const std::vector<std::string>& fields);

}  // namespace campaigner::cli

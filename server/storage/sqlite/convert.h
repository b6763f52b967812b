#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/message.h"
#include "server/domain/schedule.h"

// Between domain values and columns.
namespace campaigner::storage::sqlite {

inline int64_t ToColumn(absl::Time time) { return absl::ToUnixMicros(time); }
inline int64_t ToColumn(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }
template <typename T>
std::optional<int64_t> ToColumn(const std::optional<T>& value) {
  return value.has_value() ? std::optional(ToColumn(*value)) : std::nullopt;
}

// Minutes since 1970, for the time series.
inline int64_t ToMinute(absl::Time time) { return absl::ToInt64Minutes(time - absl::UnixEpoch()); }
inline absl::Time TimeFromMinute(int64_t minute) {
  return absl::UnixEpoch() + absl::Minutes(minute);
}

inline absl::Time TimeFrom(int64_t column) { return absl::FromUnixMicros(column); }
inline std::optional<absl::Time> TimeFrom(const std::optional<int64_t>& column) {
  return column.has_value() ? std::optional(TimeFrom(*column)) : std::nullopt;
}

// JSON object; nullopt for no fields.
std::optional<std::string> FieldsToJson(const domain::Fields& fields);
domain::Fields FieldsFromJson(std::string_view json);
// JSON arrays.
std::string ToJson(const std::vector<std::string>& values);
std::string ToJson(const std::vector<int64_t>& values);
std::vector<std::string> StringsFromJson(std::string_view json);
std::vector<int64_t> NumbersFromJson(std::string_view json);

// 168 times "0" or "1".
std::string ScheduleToText(const domain::WeeklySchedule& schedule);
domain::WeeklySchedule ScheduleFromText(std::string_view text);

// Ascending ids as varints: the first one, then the steps.
std::string IdsToBlob(const std::vector<int64_t>& ascending_ids);
std::vector<int64_t> IdsFromBlob(std::string_view blob);

// States as a set that SQL can test with (mask >> state) & 1; no states: all.
template <typename State>
int64_t StateMask(const std::vector<State>& states) {
  if (states.empty()) return -1;
  int64_t mask = 0;
  for (const State state : states) mask |= int64_t{1} << static_cast<int>(state);
  return mask;
}

}  // namespace campaigner::storage::sqlite

#include "client/cli/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::cli {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int kHours = 24;
constexpr int kMinutes = 60;

absl::Status Invalid(std::string_view text, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not {}", text, expected));
}

std::optional<int> ParseDay(std::string_view text) {
  const auto it = std::find(kDays.begin(), kDays.end(), text);
  if (it == kDays.end()) return std::nullopt;
  return static_cast<int>(it - kDays.begin());
}

std::optional<int> ParseHour(std::string_view text) {
  int hour = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hour);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (hour < 0 || hour > kHours) return std::nullopt;
  return hour;
}

// "a-b" as two; "a" as twice the same.
std::pair<std::string, std::string> SplitRange(const std::string& text) {
  const size_t dash = text.find('-');
  if (dash == std::string::npos) return {text, text};
  return {text.substr(0, dash), text.substr(dash + 1)};
}

// "21:00" or "21", as minutes after midnight.
std::optional<int> ParseMinute(const std::string& text) {
  const size_t colon = text.find(':');
  const auto hour = ParseHour(text.substr(0, colon));
  if (!hour || *hour == kHours) return std::nullopt;
  if (colon == std::string::npos) return *hour * kMinutes;
  int minute = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, minute);
  if (error != std::errc() || parsed != end || minute < 0 || minute >= kMinutes) {
    return std::nullopt;
  }
  return *hour * kMinutes + minute;
}

// "mon-fri 9-18" into the week.
absl::Status AddOpening(const std::string& text, std::array<std::bitset<kHours>, 7>& week) {
  constexpr std::string_view kExpected = "like \"mon-fri 9-18\"";
  const std::vector<std::string> parts = absl::StrSplit(text, ' ', absl::SkipWhitespace());
  if (parts.size() != 2) return Invalid(text, kExpected);
  const auto [first_name, last_name] = SplitRange(parts[0]);
  const auto [from_text, to_text] = SplitRange(parts[1]);
  const auto first = ParseDay(first_name);
  const auto last = ParseDay(last_name);
  const auto from = ParseHour(from_text);
  const auto to = ParseHour(to_text);
  if (!first || !last || !from || !to || *from >= *to) return Invalid(text, kExpected);
  for (int day = *first;; day = (day + 1) % 7) {
    for (int hour = *from; hour < *to; ++hour) {
      week[static_cast<size_t>(day)].set(static_cast<size_t>(hour));
    }
    if (day == *last) return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<absl::Time> ParseTime(std::string_view text, absl::Time now,
                                     const absl::TimeZone& zone) {
  if (text.starts_with('+')) {
    ASSIGN_OR_RETURN(const absl::Duration ahead, ParseDuration(text.substr(1)));
    return now + ahead;
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, base::ToAbsl(text), &time, &error)) return time;
  for (const char* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"}) {
    if (absl::ParseTime(format, base::ToAbsl(text), zone, &time, &error)) return time;
  }
  return Invalid(text, "a time: 2026-03-01T10:00:00Z, \"2026-03-01 10:00\" or +90m");
}

absl::StatusOr<absl::TimeZone> ParseZone(const std::string& name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) return Invalid(name, "a time zone: Europe/Moscow, UTC");
  return zone;
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  const bool is_duration = absl::ParseDuration(base::ToAbsl(text), &duration);
  if (!is_duration || duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return Invalid(text, "a duration: 90s, 15m, 1h30m");
  }
  return duration;
}

absl::StatusOr<v1::WeeklySchedule> ParseSchedule(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(base::ToAbsl(text));
  std::array<std::bitset<kHours>, 7> week;
  v1::WeeklySchedule schedule;
  if (lower.empty() || lower == "always") return schedule;
  for (const auto opening : absl::StrSplit(lower, ',')) {
    RETURN_IF_ERROR(AddOpening(std::string(opening), week));
  }
  for (size_t day = 0; day < week.size(); ++day) {
    if (week[day].none()) continue;
    v1::WeeklySchedule::Day* added = schedule.add_days();
    added->set_weekday(static_cast<int32_t>(day) + 1);
    for (size_t hour = 0; hour < kHours; ++hour) {
      if (week[day][hour]) added->add_hours(static_cast<int32_t>(hour));
    }
  }
  return schedule;
}

absl::StatusOr<v1::QuietHours> ParseQuietHours(std::string_view text) {
  const auto [from_text, to_text] = SplitRange(std::string(text));
  const auto from = ParseMinute(from_text);
  const auto to = ParseMinute(to_text);
  if (!from || !to || *from == *to) return Invalid(text, "like \"21:00-9:00\"");
  v1::QuietHours quiet;
  quiet.set_start_minute(*from);
  quiet.set_end_minute(*to);
  return quiet;
}

absl::StatusOr<std::map<std::string, std::string>> ParseFields(
    const std::vector<std::string>& fields) {
  std::map<std::string, std::string> parsed;
  for (const std::string& field : fields) {
    const size_t equals = field.find('=');
    if (equals == std::string::npos || equals == 0) return Invalid(field, "like name=value");
    parsed[field.substr(0, equals)] = field.substr(equals + 1);
  }
  return parsed;
}

}  // namespace campaigner::cli

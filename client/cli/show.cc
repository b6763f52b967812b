#include "client/cli/show.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <map>

#include "server/base/text.h"

namespace campaigner::cli {
namespace {

constexpr std::array<const char*, 8> kDays = {"?", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string Padded(const std::string& cell, size_t width) {
  const size_t length = base::CountCodePoints(cell);
  return cell + std::string(width > length ? width - length : 0, ' ');
}

std::string Json(const google::protobuf::Message& message, bool on_lines) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = on_lines;
  std::string json;
  // Our own messages always have a JSON form.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

// "9-13 14-18" of the open hours.
std::string ShowHours(const v1::WeeklySchedule::Day& day) {
  std::vector<int32_t> hours(day.hours().begin(), day.hours().end());
  std::sort(hours.begin(), hours.end());
  std::string text;
  for (size_t i = 0; i < hours.size();) {
    size_t end = i + 1;
    while (end < hours.size() && hours[end] == hours[end - 1] + 1) ++end;
    text += fmt::format("{}{}-{}", text.empty() ? "" : " ", hours[i], hours[end - 1] + 1);
    i = end;
  }
  return text;
}

}  // namespace

std::string Table::Format() const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], base::CountCodePoints(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += Padded(row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string FormatCard(const std::vector<std::pair<std::string, std::string>>& lines) {
  size_t width = 0;
  for (const auto& [name, value] : lines) {
    if (!value.empty()) width = std::max(width, name.size());
  }
  std::string text;
  for (const auto& [name, value] : lines) {
    if (!value.empty()) text += Padded(name + ":", width + 2) + value + "\n";
  }
  return text;
}

// At least two decimals, and as many more as it has.
std::string ShowMoney(int64_t micros, const std::string& currency) {
  constexpr int64_t kMicros = 1'000'000;
  constexpr size_t kDecimalsMin = 2;
  if (currency.empty()) return "";
  std::string decimals = fmt::format("{:06}", micros % kMicros);
  while (decimals.size() > kDecimalsMin && decimals.back() == '0') decimals.pop_back();
  return fmt::format("{}.{} {}", micros / kMicros, decimals, currency);
}

std::string ShowTime(const google::protobuf::Timestamp& time, const absl::TimeZone& zone) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", absl::FromUnixSeconds(time.seconds()), zone);
}

std::string ShowDuration(const google::protobuf::Duration& duration) {
  const absl::Duration value =
      absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  return value == absl::ZeroDuration() ? "" : absl::FormatDuration(value);
}

std::string ShowRate(int32_t limit, bool counts_segments,
                     const google::protobuf::Duration& period) {
  if (limit == 0) return "";
  return fmt::format("{} {} in {}", limit, counts_segments ? "segments" : "messages",
                     ShowDuration(period));
}

std::string ShowAll(const std::vector<std::string>& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string ShowSchedule(const v1::WeeklySchedule& schedule) {
  std::map<int32_t, std::string> hours;
  for (const auto& day : schedule.days()) {
    hours[std::clamp(day.weekday(), 0, 7)] = ShowHours(day);
  }
  std::string text;
  for (auto it = hours.begin(); it != hours.end();) {
    auto last = it;
    auto next = std::next(it);
    while (next != hours.end() && next->first == last->first + 1 && next->second == it->second) {
      last = next++;
    }
    const std::string days = it == last
                                 ? kDays[static_cast<size_t>(it->first)]
                                 : fmt::format("{}-{}", kDays[static_cast<size_t>(it->first)],
                                               kDays[static_cast<size_t>(last->first)]);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", days, it->second);
    it = next;
  }
  return text;
}

std::string ToJson(const google::protobuf::Message& message) { return Json(message, true); }
std::string ToJsonLine(const google::protobuf::Message& message) {
  return Json(message, false) + "\n";
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(static_cast<int32_t>((time - absl::FromUnixSeconds(timestamp.seconds())) /
                                           absl::Nanoseconds(1)));
  return timestamp;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::ToInt64Seconds(duration));
  proto.set_nanos(
      static_cast<int32_t>((duration - absl::Seconds(proto.seconds())) / absl::Nanoseconds(1)));
  return proto;
}

}  // namespace campaigner::cli

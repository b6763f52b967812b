#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "campaigner/v1/campaign.pb.h"

// Values as people read them.
namespace campaigner::cli {

// Rows in columns that line up, two spaces apart; cells are UTF-8. The first row is the heading.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  // As many cells as the heading has.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string Format() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "Name:   value" lines; empty values are left out.
std::string FormatCard(const std::vector<std::pair<std::string, std::string>>& lines);

// "12.50 RUB", from millionths; empty without a currency.
std::string ShowMoney(int64_t micros, const std::string& currency);

// "2026-03-01 10:00:00 +03:00" in `zone`; empty for an absent one.
std::string ShowTime(const google::protobuf::Timestamp& time, const absl::TimeZone& zone);
// "1h30m"; empty for none.
std::string ShowDuration(const google::protobuf::Duration& duration);
// "100 segments in 1m"; empty for no limit.
std::string ShowRate(int32_t limit, bool counts_segments, const google::protobuf::Duration& period);
// Each in turn, with ", " between them.
std::string ShowAll(const std::vector<std::string>& values);
// "mon-fri 9-18, sat 10-14"; empty for none.
std::string ShowSchedule(const v1::WeeklySchedule& schedule);

// protobuf's JSON: on several lines, or on one.
std::string ToJson(const google::protobuf::Message& message);
std::string ToJsonLine(const google::protobuf::Message& message);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace campaigner::cli

#include "server/storage/sqlite/convert.h"

#include <nlohmann/json.hpp>

namespace campaigner::storage::sqlite {
namespace {

using Json = nlohmann::json;

// Text was checked at the edge; should an invalid byte get here all the same, it is replaced.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<std::string> FieldsToJson(const domain::Fields& fields) {
  if (fields.empty()) return std::nullopt;
  Json json = Json::object();
  for (const auto& [name, value] : fields) json[name] = value;
  return Dump(json);
}

domain::Fields FieldsFromJson(std::string_view json) {
  domain::Fields fields;
  if (json.empty()) return fields;
  const Json object = Json::parse(json);
  for (const auto& [name, value] : object.items()) fields.emplace(name, value.get<std::string>());
  return fields;
}

std::string ToJson(const std::vector<std::string>& values) { return Dump(Json(values)); }
std::string ToJson(const std::vector<int64_t>& values) { return Dump(Json(values)); }
std::vector<std::string> StringsFromJson(std::string_view json) {
  return Json::parse(json).get<std::vector<std::string>>();
}
std::vector<int64_t> NumbersFromJson(std::string_view json) {
  return Json::parse(json).get<std::vector<int64_t>>();
}

std::string ScheduleToText(const domain::WeeklySchedule& schedule) {
  std::string text(schedule.hours.size(), '0');
  for (size_t hour = 0; hour < text.size(); ++hour) {
    if (schedule.hours[hour]) text[hour] = '1';
  }
  return text;
}

domain::WeeklySchedule ScheduleFromText(std::string_view text) {
  domain::WeeklySchedule schedule;
  for (size_t hour = 0; hour < text.size() && hour < schedule.hours.size(); ++hour) {
    schedule.hours[hour] = text[hour] == '1';
  }
  return schedule;
}

std::string IdsToBlob(const std::vector<int64_t>& ascending_ids) {
  std::string blob;
  int64_t previous = 0;
  for (const int64_t id : ascending_ids) {
    auto step = static_cast<uint64_t>(id - previous);
    previous = id;
    for (; step >= 0x80; step >>= 7) blob.push_back(static_cast<char>(step | 0x80));
    blob.push_back(static_cast<char>(step));
  }
  return blob;
}

std::vector<int64_t> IdsFromBlob(std::string_view blob) {
  std::vector<int64_t> ids;
  uint64_t id = 0;
  uint64_t step = 0;
  int shift = 0;
  for (const char byte : blob) {
    step |= static_cast<uint64_t>(byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0 && shift < 63) continue;
    // A damaged blob may hold anything: unsigned, so that what overflows is only wrong.
    id += step;
    ids.push_back(static_cast<int64_t>(id));
    step = 0;
    shift = 0;
  }
  return ids;
}

}  // namespace campaigner::storage::sqlite

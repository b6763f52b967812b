#include "server/base/error.h"

#include <nlohmann/json.hpp>

#include "absl/strings/cord.h"
#include "server/base/text.h"

namespace campaigner::base {
namespace {

constexpr char kPayloadType[] = "campaigner.base.ErrorDetail";

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetail detail) {
  absl::Status status(code, ToAbsl(message));
  nlohmann::json json{{"reason", detail.reason}, {"metadata", detail.metadata}};
  for (const FieldViolation& violation : detail.violations) {
    json["violations"].push_back({violation.field, violation.description});
  }
  if (detail.retry_after) json["retry_after_us"] = absl::ToInt64Microseconds(*detail.retry_after);
  // Errors quote input: what is not UTF-8 in it must not turn the error into a crash.
  const auto on_bad_utf8 = nlohmann::json::error_handler_t::replace;
  status.SetPayload(kPayloadType, absl::Cord(json.dump(-1, ' ', false, on_bad_utf8)));
  return status;
}

ErrorDetail GetErrorDetail(const absl::Status& status) {
  ErrorDetail detail;
  const auto payload = status.GetPayload(kPayloadType);
  if (!payload.has_value()) return detail;
  const nlohmann::json json = nlohmann::json::parse(std::string(*payload), nullptr, false);
  if (json.is_discarded()) return detail;
  detail.reason = json["reason"];
  detail.metadata = json["metadata"];
  if (json.contains("violations")) {
    for (const auto& violation : json["violations"])
      detail.violations.push_back({violation[0], violation[1]});
  }
  if (json.contains("retry_after_us")) {
    detail.retry_after = absl::Microseconds(json["retry_after_us"].get<int64_t>());
  }
  return detail;
}

}  // namespace campaigner::base

#include "client/cli/errors.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/base/error.h"
#include "server/base/text.h"

namespace campaigner::cli {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange: return kExitInvalid;
    case absl::StatusCode::kNotFound: return kExitNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied: return kExitDenied;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists: return kExitState;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted: return kExitTryLater;
    default: return kExitOther;
  }
}

std::string ExitCodeHelp() {
  return "Exit codes:\n"
         "  0  done\n"
         "  1  something else went wrong\n"
         "  2  the command line is wrong\n"
         "  3  a value is wrong; the fields are named\n"
         "  4  there is no such thing\n"
         "  5  the key is missing, unknown or may not do this\n"
         "  6  its state does not allow this\n"
         "  7  the server is away or busy: try again later\n";
}

std::string ShowError(const absl::Status& status) {
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  std::string text = fmt::format("error: {}\n", base::ToStd(status.message()));
  // The message itself already tells the first one.
  if (detail.violations.size() > 1) {
    for (const base::FieldViolation& violation : detail.violations) {
      text += fmt::format("  {} {}\n", violation.field, violation.description);
    }
  }
  if (detail.retry_after) {
    text += fmt::format("  try again in {}\n", absl::FormatDuration(*detail.retry_after));
  }
  const std::string code = absl::StatusCodeToString(status.code());
  text += detail.reason.empty() ? fmt::format("  [{}]\n", code)
                                : fmt::format("  [{} {}]\n", code, detail.reason);
  return text;
}

std::string ErrorToJson(const absl::Status& status) {
  using Json = nlohmann::ordered_json;
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  Json error = {{"code", absl::StatusCodeToString(status.code())}};
  if (!detail.reason.empty()) error["reason"] = detail.reason;
  error["message"] = std::string(status.message());
  for (const base::FieldViolation& violation : detail.violations) {
    error["fields"].push_back({{"field", violation.field}, {"description", violation.description}});
  }
  if (detail.retry_after) error["retryAfter"] = absl::FormatDuration(*detail.retry_after);
  const Json json = {{"error", std::move(error)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace campaigner::cli

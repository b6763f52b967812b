#include "gateway/errors.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "gateway/limits.h"
#include "server/base/text.h"

namespace campaigner::gateway {
namespace {

using Json = nlohmann::ordered_json;

// Of google.rpc.ErrorInfo: who names the reasons.
constexpr std::string_view kErrorDomain = "campaigner";
constexpr std::string_view kTypePrefix = "type.googleapis.com/google.rpc.";

Json DetailOf(std::string_view type) { return {{"@type", fmt::format("{}{}", kTypePrefix, type)}}; }

Json DetailsJson(const base::ErrorDetail& detail) {
  Json details = Json::array();
  if (!detail.reason.empty()) {
    Json info = DetailOf("ErrorInfo");
    info["reason"] = detail.reason;
    info["domain"] = kErrorDomain;
    info["metadata"] = detail.metadata;
    details.push_back(std::move(info));
  }
  if (!detail.violations.empty()) {
    Json bad_request = DetailOf("BadRequest");
    for (const auto& [field, description] : detail.violations) {
      bad_request["fieldViolations"].push_back({{"field", field}, {"description", description}});
    }
    details.push_back(std::move(bad_request));
  }
  if (detail.retry_after) {
    Json retry = DetailOf("RetryInfo");
    retry["retryDelay"] = fmt::format("{}s", absl::ToDoubleSeconds(*detail.retry_after));
    details.push_back(std::move(retry));
  }
  return details;
}

http::Response MakeResponse(int status, std::string_view message, std::string_view code_name,
                            Json details) {
  Json error = {{"code", status}, {"message", message}, {"status", code_name}};
  if (!details.empty()) error["details"] = std::move(details);
  http::Response response;
  response.status = status;
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  response.body =
      Json{{"error", std::move(error)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

// "HTTP_METHOD_NOT_ALLOWED" for 405.
std::string ReasonOf(int http_status) {
  std::string reason = fmt::format("HTTP_{}", http::ReasonPhrase(http_status));
  for (char& c : reason) c = c == ' ' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
  return reason;
}

// The gRPC code that comes closest to an HTTP status.
absl::StatusCode CodeOf(int http_status) {
  switch (http_status) {
    case 401: return absl::StatusCode::kUnauthenticated;
    case 403: return absl::StatusCode::kPermissionDenied;
    case 404: return absl::StatusCode::kNotFound;
    case 405:
    case 501: return absl::StatusCode::kUnimplemented;
    case 408:
    case 504: return absl::StatusCode::kDeadlineExceeded;
    case 409: return absl::StatusCode::kAborted;
    case 429: return absl::StatusCode::kResourceExhausted;
    case 499: return absl::StatusCode::kCancelled;
    case 500: return absl::StatusCode::kInternal;
    case 503: return absl::StatusCode::kUnavailable;
    default: return absl::StatusCode::kInvalidArgument;
  }
}

}  // namespace

int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk: return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange: return 400;
    case absl::StatusCode::kUnauthenticated: return 401;
    case absl::StatusCode::kPermissionDenied: return 403;
    case absl::StatusCode::kNotFound: return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists: return 409;
    case absl::StatusCode::kResourceExhausted: return 429;
    case absl::StatusCode::kCancelled: return 499;
    case absl::StatusCode::kUnimplemented: return 501;
    case absl::StatusCode::kUnavailable: return 503;
    case absl::StatusCode::kDeadlineExceeded: return 504;
    default: return 500;
  }
}

absl::Duration RetryAfter(const absl::Status& status, const base::ErrorDetail& detail) {
  if (detail.retry_after) return *detail.retry_after;
  return absl::IsUnavailable(status) ? limits::kRetryAfter : absl::ZeroDuration();
}

absl::Status WithoutAddresses(absl::Status status) {
  if (!absl::IsUnavailable(status) || !base::GetErrorDetail(status).reason.empty()) return status;
  return base::MakeError(absl::StatusCode::kUnavailable,
                         "the server cannot be reached: try again later",
                         {.reason = "SERVER_AWAY", .retry_after = limits::kRetryAfter});
}

http::Response NativeError(const absl::Status& status) {
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  http::Response response =
      MakeResponse(HttpStatus(status.code()), base::ToStd(status.message()),
                   absl::StatusCodeToString(status.code()), DetailsJson(detail));
  const absl::Duration retry_after = RetryAfter(status, detail);
  if (retry_after > absl::ZeroDuration()) http::SetRetryAfter(response, retry_after);
  return response;
}

http::Response NativeHttpError(int status, std::string_view message) {
  http::Response response =
      MakeResponse(status, message, absl::StatusCodeToString(CodeOf(status)),
                   DetailsJson(base::ErrorDetail{.reason = ReasonOf(status)}));
  if (status == 503) http::SetRetryAfter(response, limits::kRetryAfter);
  return response;
}

}  // namespace campaigner::gateway

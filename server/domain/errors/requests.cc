#include "server/domain/errors/requests.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/log.h"

namespace campaigner::domain::errors {
namespace {

using absl::StatusCode;
using base::MakeError;

// Long enough for a group commit to make room, short enough not to be felt.
constexpr absl::Duration kOverloadedRetryAfter = absl::Seconds(1);
// A full disk or a restart takes somebody a moment.
constexpr absl::Duration kUnavailableRetryAfter = absl::Seconds(5);

}  // namespace

absl::Status InvalidField(std::string_view field, std::string_view description) {
  return InvalidFields({{std::string(field), std::string(description)}});
}

absl::Status InvalidFields(std::vector<base::FieldViolation> violations) {
  const size_t count = violations.size();
  std::string message = fmt::format("{} {}", violations[0].field, violations[0].description);
  if (count > 1) message += fmt::format(" (and {} more)", count - 1);
  base::ErrorDetail detail{
      .reason = count == 1 ? "INVALID_FIELD" : "INVALID_FIELDS",
      .metadata = {{"field", violations[0].field}, {"count", std::to_string(count)}}};
  if (count > base::limits::kFieldViolationsMax) {
    violations.resize(base::limits::kFieldViolationsMax);
  }
  detail.violations = std::move(violations);
  return MakeError(StatusCode::kInvalidArgument, message, std::move(detail));
}

absl::Status ApiKeyMissing() {
  return MakeError(StatusCode::kUnauthenticated,
                   "no API key: send it as x-api-key or as authorization: Bearer",
                   {.reason = "API_KEY_MISSING"});
}

absl::Status ApiKeyUnknown() {
  return MakeError(StatusCode::kUnauthenticated, "unknown API key", {.reason = "API_KEY_UNKNOWN"});
}

absl::Status ApiKeyRevoked() {
  return MakeError(StatusCode::kUnauthenticated, "the API key was revoked",
                   {.reason = "API_KEY_REVOKED"});
}

absl::Status ApiKeyExpired() {
  return MakeError(StatusCode::kUnauthenticated, "the API key has expired",
                   {.reason = "API_KEY_EXPIRED"});
}

absl::Status ClientNetworkDenied(std::string_view client_address) {
  return MakeError(
      StatusCode::kPermissionDenied,
      fmt::format("the API key may not be used from {}", client_address),
      {.reason = "CLIENT_NETWORK_DENIED", .metadata = {{"address", std::string(client_address)}}});
}

absl::Status ScopeMissing(std::string_view scope) {
  return MakeError(StatusCode::kPermissionDenied,
                   fmt::format("the API key lacks the scope {}", scope),
                   {.reason = "SCOPE_MISSING", .metadata = {{"scope", std::string(scope)}}});
}

absl::Status RateExceeded(absl::Duration retry_after) {
  return MakeError(StatusCode::kResourceExhausted, "the API key sends faster than it may",
                   {.reason = "RATE_EXCEEDED", .retry_after = retry_after});
}

absl::Status WatcherTooSlow() {
  return MakeError(StatusCode::kResourceExhausted,
                   "the reader fell too far behind: go on from a list",
                   {.reason = "WATCHER_TOO_SLOW"});
}

absl::Status Overloaded() {
  return MakeError(StatusCode::kUnavailable, "too many requests are waiting",
                   {.reason = "OVERLOADED", .retry_after = kOverloadedRetryAfter});
}

absl::Status Draining() {
  return MakeError(StatusCode::kUnavailable, "the server is shutting down",
                   {.reason = "DRAINING", .retry_after = kUnavailableRetryAfter});
}

absl::Status StorageUnavailable(std::string_view cause) {
  return MakeError(StatusCode::kUnavailable, fmt::format("nothing can be stored now: {}", cause),
                   {.reason = "STORAGE_UNAVAILABLE",
                    .metadata = {{"cause", std::string(cause)}},
                    .retry_after = kUnavailableRetryAfter});
}

absl::Status StorageDamaged(std::string_view cause) {
  return MakeError(StatusCode::kDataLoss, fmt::format("the database is damaged: {}", cause),
                   {.reason = "STORAGE_DAMAGED", .metadata = {{"cause", std::string(cause)}}});
}

absl::Status Internal(std::string_view cause) {
  base::LogError("internal_error", {{"cause", cause}});
  return MakeError(StatusCode::kInternal, "internal error", {.reason = "INTERNAL"});
}

}  // namespace campaigner::domain::errors

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace campaigner::base {

// One field of a request that is wrong, by its path in the request ("messages[3].recipient").
struct FieldViolation {
  std::string field;
  std::string description;
};

// The machine-readable side of an error, on its way to google.rpc.ErrorInfo, BadRequest and
// RetryInfo.
struct ErrorDetail {
  // UPPER_SNAKE, at most 63 characters: a stable name for programs ("CAMPAIGN_NOT_FOUND").
  std::string reason;
  // Every changing piece of the message.
  std::map<std::string, std::string> metadata = {};
  // For INVALID_ARGUMENT. The first ones only: see limits::kFieldViolationsMax.
  std::vector<FieldViolation> violations = {};
  // For UNAVAILABLE and RESOURCE_EXHAUSTED: when to come back.
  std::optional<absl::Duration> retry_after = std::nullopt;
};

// A status with its detail attached. The catalogues in domain/errors are its only callers
// outside of tests: code, wording and reason of an error are decided there.
absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetail detail);

// The detail that MakeError attached, or an empty one.
ErrorDetail GetErrorDetail(const absl::Status& status);

}  // namespace campaigner::base

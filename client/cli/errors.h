#pragma once

#include <string>

#include "absl/status/status.h"

namespace campaigner::cli {

// What the program ends with, so that scripts can tell errors apart.
enum ExitCode : int {
  kExitOk = 0,
  kExitOther = 1,
  kExitUsage = 2,
  kExitInvalid = 3,
  kExitNotFound = 4,
  kExitDenied = 5,
  kExitState = 6,
  kExitTryLater = 7,
};

ExitCode ExitCodeOf(const absl::Status& status);

// The exit codes for --help, one a line.
std::string ExitCodeHelp();

// An error as people read it: message, field violations, when to come back, and the stable reason.
std::string ShowError(const absl::Status& status);
// The same as JSON on one line: {"error": {"code": "NOT_FOUND", "reason": .., "message": ..}}, with
// "fields" and "retryAfter" where they are known.
std::string ErrorToJson(const absl::Status& status);

}  // namespace campaigner::cli

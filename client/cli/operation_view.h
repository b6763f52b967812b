#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "campaigner/v1/operation.pb.h"
#include "client/cli/session.h"

namespace campaigner::cli {

// "42%  420000 rows  105000 rows/s  6s left": one line, without its end. What is not known is left
// out.
std::string ShowProgress(const v1::Operation& operation);

// A card, or JSON.
void ShowOperation(Session& session, const v1::Operation& operation);

// Watches until the operation has ended; shows its progress on session.err, or with --json each
// state as a line on session.out. An interrupt (Ctrl-C) says how to watch it again and ends the
// program: the work goes on.
absl::StatusOr<v1::Operation> FollowOperation(Session& session, int64_t operation_id);

// OK for DONE and CANCELLED; why it FAILED.
absl::Status OutcomeOf(const v1::Operation& operation);

// Rejected rows of an import go to a file, or with "-" to session.out.
absl::Status SaveRejectedRows(Session& session, int64_t operation_id, const std::string& path);

}  // namespace campaigner::cli

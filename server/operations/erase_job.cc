#include "server/operations/erase_job.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/requests.h"

namespace campaigner::operations {
namespace {

namespace limits = base::limits;
using domain::OperationKind;

constexpr absl::Duration kPause = absl::Milliseconds(200);
// Longer than a provider is waited for, and than a dead server's claims hold.
const absl::Duration kPatience = limits::kClaimLease * 5;
// Operations and uploads read at a time.
constexpr int32_t kPage = 100;

}  // namespace

// "2 77010000001": phase and address. The address alone: it begins. Nothing: the log is left.
absl::StatusOr<std::unique_ptr<Job>> EraseJob::Make(const EraseContext& context,
                                                    const domain::Operation& operation) {
  ASSIGN_OR_RETURN(const domain::Account account, context.store.GetAccount(operation.account_id));
  const std::string& checkpoint = operation.checkpoint;
  const size_t space = checkpoint.find(' ');
  const bool has_phase = space != std::string::npos;
  Phase phase = checkpoint.empty() ? Phase::kLog : Phase::kMessages;
  int number = 0;
  if (has_phase && absl::SimpleAtoi(checkpoint.substr(0, space), &number)) {
    phase = static_cast<Phase>(number);
  }
  const std::string recipient = has_phase ? checkpoint.substr(space + 1) : checkpoint;
  return std::unique_ptr<Job>(
      new EraseJob(context, operation, phase, recipient, account.default_region));
}

EraseJob::EraseJob(const EraseContext& context, const domain::Operation& operation, Phase phase,
                   const std::string& recipient, const std::string& region)
    : context_(context),
      operation_id_(operation.id),
      account_id_(operation.account_id),
      begin_time_(operation.create_time),
      phase_(phase),
      recipient_(recipient),
      finder_(recipient, region, context.phones),
      steps_(operation.steps),
      done_(operation.done_units) {}

absl::StatusOr<Job::Turn> EraseJob::TakeTurn() {
  switch (phase_) {
    case Phase::kMessages:
    case Phase::kLateMessages: return EraseMessages();
    case Phase::kImports: return AwaitImports();
    case Phase::kRejectedRows: return BlankRejectedRows();
    case Phase::kUploads: return DeleteUploads();
    case Phase::kLog: return EmptyLog();
  }
  return domain::errors::Internal("an erasure without a phase");
}

absl::Status EraseJob::Advance(Phase next, int32_t messages, bool is_last) {
  const std::string checkpoint =
      next == Phase::kLog ? "" : absl::StrCat(static_cast<int>(next), " ", recipient_);
  RETURN_IF_ERROR(context_.store.AdvanceOperation({.operation_id = operation_id_,
                                                   .number = steps_,
                                                   .checkpoint = checkpoint,
                                                   .done_units = done_ + messages,
                                                   .total_units = is_last ? done_ + messages : 0,
                                                   .messages = messages,
                                                   .is_last = is_last},
                                                  context_.clock.Now()));
  ++steps_;
  done_ += messages;
  phase_ = next;
  return absl::OkStatus();
}

Job::Turn EraseJob::Later() const {
  return {.next = Turn::Next::kLater, .time = context_.clock.Now() + kPause};
}

absl::StatusOr<Job::Turn> EraseJob::EraseMessages() {
  const absl::Time now = context_.clock.Now();
  ASSIGN_OR_RETURN(
      const storage::EraseStep step,
      context_.store.EraseRecipient(account_id_, recipient_, now, limits::kMaintenanceRowsMax));
  const bool is_waiting = step.sending > 0 && !step.more;
  if (step.erased > 0 || !is_waiting) waits_since_ = now;
  waits_since_ = std::min(waits_since_, now);
  // No step before it: were a step without the address the last thing that is written down, the
  // erasure would end as one that succeeded.
  if (is_waiting && now - waits_since_ >= kPatience) {
    return domain::errors::EraseIncomplete(step.sending);
  }
  const bool is_erased = step.sending == 0 && !step.more;
  Phase next = phase_;
  if (is_erased) next = phase_ == Phase::kMessages ? Phase::kImports : Phase::kRejectedRows;
  if (step.erased > 0 || is_erased) RETURN_IF_ERROR(Advance(next, step.erased));
  return is_waiting ? Later() : Turn{};
}

// What began after the erasure is meant by whoever began it.
absl::StatusOr<Job::Turn> EraseJob::AwaitImports() {
  ASSIGN_OR_RETURN(const bool is_importing,
                   context_.store.HasOlderImport(account_id_, operation_id_));
  if (is_importing) return Later();
  RETURN_IF_ERROR(Advance(Phase::kLateMessages, 0));
  return Turn{};
}

absl::StatusOr<bool> EraseJob::FindNextImport() {
  while (true) {
    ASSIGN_OR_RETURN(const auto operations,
                     context_.store.ListOperations(
                         account_id_, 0, {.after_id = seen_operation_id_, .size = kPage}));
    for (const domain::Operation& operation : operations) {
      seen_operation_id_ = operation.id;
      if (operation.kind != OperationKind::kImport) continue;
      import_id_ = operation.id;
      after_row_ = 0;
      return true;
    }
    if (operations.size() < static_cast<size_t>(kPage)) return false;
  }
}

absl::StatusOr<Job::Turn> EraseJob::BlankRejectedRows() {
  if (import_id_ == 0) {
    ASSIGN_OR_RETURN(const bool is_there, FindNextImport());
    if (!is_there) {
      RETURN_IF_ERROR(Advance(Phase::kUploads, 0));
      return Turn{};
    }
  }
  ASSIGN_OR_RETURN(
      const std::vector<storage::RejectedRow> rows,
      context_.store.ListRejectedRows(import_id_, after_row_, limits::kMaintenanceRowsMax));
  std::vector<int64_t> found;
  for (const storage::RejectedRow& row : rows) {
    if (!row.value.empty() && finder_.IsIn(row.value)) found.push_back(row.row);
  }
  RETURN_IF_ERROR(context_.store.BlankRejectedRows(import_id_, found));
  if (rows.size() < static_cast<size_t>(limits::kMaintenanceRowsMax)) {
    import_id_ = 0;
  } else {
    after_row_ = rows.back().row;
  }
  return Turn{};
}

absl::StatusOr<Job::Turn> EraseJob::DeleteUploads() {
  ASSIGN_OR_RETURN(const std::vector<int64_t> ids,
                   context_.store.ListUploads(account_id_, begin_time_, after_upload_id_, kPage));
  for (const int64_t id : ids) {
    const absl::Status status = context_.delete_upload(account_id_, id);
    // A later import reads it, or it has gone.
    if (!absl::IsFailedPrecondition(status) && !absl::IsNotFound(status)) RETURN_IF_ERROR(status);
    after_upload_id_ = id;
  }
  if (ids.size() < static_cast<size_t>(kPage)) RETURN_IF_ERROR(Advance(Phase::kLog, 0));
  return Turn{};
}

absl::StatusOr<Job::Turn> EraseJob::EmptyLog() {
  const absl::Time now = context_.clock.Now();
  waits_since_ = std::min(waits_since_, now);
  ASSIGN_OR_RETURN(const bool is_empty, context_.store.EmptyLog());
  if (!is_empty) {
    if (now - waits_since_ >= kPatience && !has_warned_) {
      base::LogWarning("erasure_waits_for_readers", {{"operation", operation_id_}});
      has_warned_ = true;
    }
    return Later();
  }
  RETURN_IF_ERROR(Advance(Phase::kLog, 0, /*is_last=*/true));
  return Turn{.next = Turn::Next::kNever};
}

}  // namespace campaigner::operations

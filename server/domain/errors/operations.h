#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "server/domain/operation.h"

// Errors about uploads, imports and other long work. What belongs to somebody else does not exist.
namespace campaigner::domain::errors {

// NOT_FOUND: OPERATION_NOT_FOUND, UPLOAD_NOT_FOUND.
absl::Status OperationNotFound(int64_t operation_id);
absl::Status UploadNotFound(int64_t upload_id);

// FAILED_PRECONDITION, OPERATION_ENDED: it is not RUNNING any more.
absl::Status OperationEnded(int64_t operation_id, OperationState state);
// ABORTED, OPERATION_STEP: another step is due, because one before this was lost or done already.
absl::Status OperationStepMismatch(int64_t operation_id, int64_t steps, int64_t expected);
// FAILED_PRECONDITION, OPERATION_NOT_IMPORT.
absl::Status OperationNotImport(int64_t operation_id);
// FAILED_PRECONDITION, ERASE_INCOMPLETE: messages to the recipient are with providers for too long.
absl::Status EraseIncomplete(int32_t sending);

// FAILED_PRECONDITION: IMPORT_RUNNING, RETRY_RUNNING (another one of the campaign), UPLOAD_IN_USE
// (an import reads it), CAMPAIGN_RUNNING (its messages cannot be replaced), CAMPAIGN_CLEARING (an
// import ends its old messages: until then it does not run).
absl::Status ImportRunning(int64_t campaign_id, int64_t operation_id);
absl::Status RetryRunning(int64_t campaign_id, int64_t operation_id);
absl::Status UploadInUse(int64_t upload_id, int64_t operation_id);
absl::Status CampaignRunning(int64_t campaign_id);
absl::Status CampaignClearing(int64_t campaign_id, int64_t operation_id);
// FAILED_PRECONDITION, REPLACE_INCOMPLETE: old messages are with providers for too long.
absl::Status ReplaceIncomplete(int64_t sending);

// RESOURCE_EXHAUSTED: UPLOAD_TOO_LARGE; UPLOADS_FULL, by bytes or by files.
absl::Status UploadTooLarge(int64_t bytes_max);
absl::Status UploadsFull(int64_t bytes_max);
absl::Status TooManyUploads(int64_t files_max);
// RESOURCE_EXHAUSTED with RetryInfo, ESTIMATE_BUSY: another one reads for the account, or too many
// for others. DEADLINE_EXCEEDED, ESTIMATE_TOO_LONG.
absl::Status EstimateBusy();
absl::Status EstimateTooLong();
// DEADLINE_EXCEEDED, UPLOAD_STALLED: nothing more of it came.
absl::Status UploadStalled();
// UNAVAILABLE with RetryInfo, UPLOAD_FAILED: the disk did not take it.
absl::Status UploadFailed(std::string_view cause);
// UNAVAILABLE with RetryInfo, OVERLOADED: as many XLS files as may be are being read.
absl::Status TooManyConversions();
// INVALID_ARGUMENT, UPLOAD_UNREADABLE: what the file is not; `reason` fits behind its name.
absl::Status UploadUnreadable(std::string_view reason);

// The error of an operation as it was written down: without metadata.
absl::Status RecordedError(absl::StatusCode code, std::string_view message,
                           std::string_view reason);

}  // namespace campaigner::domain::errors

#include "server/domain/errors/operations.h"

#include <fmt/format.h>

#include "server/base/error.h"

namespace campaigner::domain::errors {
namespace {

using absl::StatusCode;
using base::MakeError;

// An estimate of some hundred thousand messages takes about so long.
constexpr absl::Duration kEstimateRetryAfter = absl::Seconds(2);

absl::Status OneIsRunning(const char* reason, const char* kind, int64_t campaign_id,
                          int64_t operation_id) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("campaign {} has {} that is running: operation {}", campaign_id,
                               kind, operation_id),
                   {.reason = reason,
                    .metadata = {{"campaign_id", std::to_string(campaign_id)},
                                 {"operation_id", std::to_string(operation_id)}}});
}

}  // namespace

absl::Status OperationNotFound(int64_t operation_id) {
  return MakeError(StatusCode::kNotFound,
                   fmt::format("Operation not found (operation_id={})", operation_id),
                   {.reason = "OPERATION_NOT_FOUND",
                    .metadata = {{"operation_id", std::to_string(operation_id)}}});
}

absl::Status UploadNotFound(int64_t upload_id) {
  return MakeError(
      StatusCode::kNotFound, fmt::format("Upload not found (upload_id={})", upload_id),
      {.reason = "UPLOAD_NOT_FOUND", .metadata = {{"upload_id", std::to_string(upload_id)}}});
}

absl::Status OperationEnded(int64_t operation_id, OperationState state) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("operation {} has ended: it is {}", operation_id, StateName(state)),
      {.reason = "OPERATION_ENDED",
       .metadata = {{"operation_id", std::to_string(operation_id)}, {"state", StateName(state)}}});
}

absl::Status OperationStepMismatch(int64_t operation_id, int64_t steps, int64_t expected) {
  return MakeError(
      StatusCode::kAborted,
      fmt::format("operation {} has done {} steps, not {}", operation_id, steps, expected),
      {.reason = "OPERATION_STEP",
       .metadata = {{"operation_id", std::to_string(operation_id)},
                    {"steps", std::to_string(steps)},
                    {"expected", std::to_string(expected)}}});
}

absl::Status EraseIncomplete(int32_t sending) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("{} messages are still being sent: erase the recipient again later", sending),
      {.reason = "ERASE_INCOMPLETE", .metadata = {{"sending", std::to_string(sending)}}});
}

absl::Status OperationNotImport(int64_t operation_id) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("operation {} is no import", operation_id),
                   {.reason = "OPERATION_NOT_IMPORT",
                    .metadata = {{"operation_id", std::to_string(operation_id)}}});
}

absl::Status ImportRunning(int64_t campaign_id, int64_t operation_id) {
  return OneIsRunning("IMPORT_RUNNING", "an import", campaign_id, operation_id);
}

absl::Status RetryRunning(int64_t campaign_id, int64_t operation_id) {
  return OneIsRunning("RETRY_RUNNING", "a retry", campaign_id, operation_id);
}

absl::Status UploadInUse(int64_t upload_id, int64_t operation_id) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("upload {} is being imported: operation {}", upload_id, operation_id),
      {.reason = "UPLOAD_IN_USE",
       .metadata = {{"upload_id", std::to_string(upload_id)},
                    {"operation_id", std::to_string(operation_id)}}});
}

absl::Status CampaignRunning(int64_t campaign_id) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("campaign {} is RUNNING: pause it before its recipients are replaced",
                  campaign_id),
      {.reason = "CAMPAIGN_RUNNING", .metadata = {{"campaign_id", std::to_string(campaign_id)}}});
}

absl::Status CampaignClearing(int64_t campaign_id, int64_t operation_id) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("import {} is cancelling the old messages of campaign {}: start it after that",
                  operation_id, campaign_id),
      {.reason = "CAMPAIGN_CLEARING",
       .metadata = {{"campaign_id", std::to_string(campaign_id)},
                    {"operation_id", std::to_string(operation_id)}}});
}

absl::Status ReplaceIncomplete(int64_t sending) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("{} of the old messages are still being sent: import again later", sending),
      {.reason = "REPLACE_INCOMPLETE", .metadata = {{"sending", std::to_string(sending)}}});
}

absl::Status UploadTooLarge(int64_t bytes_max) {
  return MakeError(
      StatusCode::kResourceExhausted, fmt::format("the file has more than {} bytes", bytes_max),
      {.reason = "UPLOAD_TOO_LARGE", .metadata = {{"bytes_max", std::to_string(bytes_max)}}});
}

absl::Status UploadsFull(int64_t bytes_max) {
  return MakeError(
      StatusCode::kResourceExhausted,
      fmt::format("all uploads together have more than {} bytes: delete some", bytes_max),
      {.reason = "UPLOADS_FULL", .metadata = {{"bytes_max", std::to_string(bytes_max)}}});
}

absl::Status TooManyUploads(int64_t files_max) {
  return MakeError(
      StatusCode::kResourceExhausted, fmt::format("there are {} uploads: delete some", files_max),
      {.reason = "UPLOADS_FULL", .metadata = {{"files_max", std::to_string(files_max)}}});
}

absl::Status EstimateBusy() {
  return MakeError(StatusCode::kResourceExhausted,
                   "other estimates are under way: try again in a moment",
                   {.reason = "ESTIMATE_BUSY", .retry_after = kEstimateRetryAfter});
}

absl::Status EstimateTooLong() {
  return MakeError(StatusCode::kDeadlineExceeded,
                   "the campaign has too many messages to be estimated",
                   {.reason = "ESTIMATE_TOO_LONG"});
}

absl::Status UploadStalled() {
  return MakeError(StatusCode::kDeadlineExceeded, "nothing more of the upload came",
                   {.reason = "UPLOAD_STALLED"});
}

absl::Status UploadFailed(std::string_view cause) {
  return MakeError(StatusCode::kUnavailable,
                   fmt::format("the upload cannot be kept at the moment: {}", cause),
                   {.reason = "UPLOAD_FAILED", .retry_after = absl::Seconds(5)});
}

absl::Status TooManyConversions() {
  return MakeError(StatusCode::kUnavailable, "other XLS files are being read",
                   {.reason = "OVERLOADED", .retry_after = absl::Seconds(5)});
}

absl::Status UploadUnreadable(std::string_view reason) {
  return MakeError(StatusCode::kInvalidArgument, fmt::format("the file {}", reason),
                   {.reason = "UPLOAD_UNREADABLE"});
}

absl::Status RecordedError(absl::StatusCode code, std::string_view message,
                           std::string_view reason) {
  return MakeError(code, message, {.reason = std::string(reason)});
}

}  // namespace campaigner::domain::errors

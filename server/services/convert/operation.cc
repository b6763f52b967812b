#include "server/services/convert/operation.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"
#include "server/services/convert/time.h"

namespace campaigner::services {

using domain::Operation;
using domain::OperationState;

void OperationToProto(const Operation& operation, double units_per_second, v1::Operation* proto) {
  proto->set_id(operation.id);
  proto->set_kind(static_cast<v1::Operation::Kind>(operation.kind));
  proto->set_state(static_cast<v1::Operation::State>(operation.state));
  proto->set_campaign_id(operation.campaign_id);
  TimeToProto(operation.create_time, proto->mutable_create_time());
  TimeToProto(operation.update_time, proto->mutable_update_time());
  if (operation.end_time) TimeToProto(*operation.end_time, proto->mutable_end_time());
  if (operation.state == OperationState::kFailed) {
    *proto->mutable_error() = rpc::ToRpcStatus(operation.error);
  }
  proto->set_done_units(operation.done_units);
  proto->set_total_units(operation.total_units);
  proto->set_messages(operation.messages);
  if (operation.state != OperationState::kRunning || units_per_second <= 0) return;
  proto->set_units_per_second(units_per_second);
  if (operation.total_units == 0) return;
  const auto left = static_cast<double>(operation.total_units - operation.done_units);
  DurationToProto(absl::Seconds(std::max(left, 0.0) / units_per_second),
                  proto->mutable_time_left());
}

void ImportToProto(const Operation& operation, const storage::ImportDetails& details,
                   v1::ImportProgress* proto) {
  proto->set_file_name(details.file_name);
  proto->set_rows(details.counts.rows);
  proto->set_accepted_rows(details.counts.accepted);
  proto->set_duplicate_rows(details.counts.duplicates);
  proto->set_stop_listed_rows(details.counts.stop_listed);
  proto->set_invalid_rows(details.counts.invalid);
  proto->set_clearing(details.is_clearing && operation.state == OperationState::kRunning);
  proto->set_cleared_messages(operation.messages - details.counts.accepted);
}

void UploadToProto(const domain::Upload& upload, v1::Upload* proto) {
  proto->set_id(upload.id);
  proto->set_file_name(upload.file_name);
  proto->set_bytes(upload.bytes);
  proto->set_sha256(base::ToHex(upload.sha256));
  TimeToProto(upload.create_time, proto->mutable_create_time());
  TimeToProto(upload.use_time + base::limits::kUploadKept, proto->mutable_expire_time());
}

absl::StatusOr<std::string> FileNameFromProto(const std::string& name) {
  const size_t slash = name.find_last_of("/\\");
  std::string plain = slash == std::string::npos ? name : name.substr(slash + 1);
  if (plain.empty()) return domain::errors::InvalidField("file_name", "is required");
  if (plain.size() > base::limits::kFileNameBytesMax) {
    return domain::errors::InvalidField(
        "file_name", fmt::format("must have at most {} bytes", base::limits::kFileNameBytesMax));
  }
  const bool has_control = std::any_of(plain.begin(), plain.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  if (has_control) {
    return domain::errors::InvalidField("file_name", "must not hold control characters");
  }
  return plain;
}

}  // namespace campaigner::services

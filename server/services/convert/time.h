#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/services/convert/violations.h"

// Times on the wire and inside. Inside, they have microseconds: what is finer is cut off.
namespace campaigner::services {

void TimeToProto(absl::Time time, google::protobuf::Timestamp* proto);
void DurationToProto(absl::Duration duration, google::protobuf::Duration* proto);

// INVALID_ARGUMENT with a description that fits behind a field's name.
absl::StatusOr<absl::Time> TimeFromProto(const google::protobuf::Timestamp& proto);
absl::StatusOr<absl::Duration> DurationFromProto(const google::protobuf::Duration& proto);

// nullopt, and a violation, for what is no time.
std::optional<absl::Time> ReadTime(std::string_view field, const google::protobuf::Timestamp& proto,
                                   Violations& violations);
// A duration of more than nothing and at most `max`; `absent` where `has` is false, or (with a
// violation) where it is not that.
absl::Duration ReadDuration(std::string_view field, bool has,
                            const google::protobuf::Duration& proto, absl::Duration absent,
                            absl::Duration max, Violations& violations);

}  // namespace campaigner::services

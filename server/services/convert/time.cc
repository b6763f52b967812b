#include "server/services/convert/time.h"

#include <fmt/format.h>

namespace campaigner::services {
namespace {

constexpr int32_t kNanosMax = 999'999'999;
// 0001-01-01 to 9999-12-31, and 10,000 years: protobuf's own ranges.
constexpr int64_t kTimestampSecondsMin = -62'135'596'800;
constexpr int64_t kTimestampSecondsMax = 253'402'300'799;
constexpr int64_t kDurationSecondsMax = 315'576'000'000;

}  // namespace

void TimeToProto(absl::Time time, google::protobuf::Timestamp* proto) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto->set_seconds(seconds);
  proto->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void DurationToProto(absl::Duration duration, google::protobuf::Duration* proto) {
  absl::Duration rest;
  proto->set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

absl::StatusOr<absl::Time> TimeFromProto(const google::protobuf::Timestamp& proto) {
  if (proto.seconds() < kTimestampSecondsMin || proto.seconds() > kTimestampSecondsMax ||
      proto.nanos() < 0 || proto.nanos() > kNanosMax) {
    return absl::InvalidArgumentError("is not a valid time");
  }
  return absl::FromUnixSeconds(proto.seconds()) + absl::Microseconds(proto.nanos() / 1000);
}

absl::StatusOr<absl::Duration> DurationFromProto(const google::protobuf::Duration& proto) {
  if (proto.seconds() < -kDurationSecondsMax || proto.seconds() > kDurationSecondsMax ||
      proto.nanos() < -kNanosMax || proto.nanos() > kNanosMax ||
      (proto.seconds() > 0 && proto.nanos() < 0) || (proto.seconds() < 0 && proto.nanos() > 0)) {
    return absl::InvalidArgumentError("is not a valid duration");
  }
  return absl::Seconds(proto.seconds()) + absl::Microseconds(proto.nanos() / 1000);
}

std::optional<absl::Time> ReadTime(std::string_view field, const google::protobuf::Timestamp& proto,
                                   Violations& violations) {
  const absl::StatusOr<absl::Time> time = TimeFromProto(proto);
  if (time.ok()) return *time;
  violations.Add(field, time.status());
  return std::nullopt;
}

absl::Duration ReadDuration(std::string_view field, bool has,
                            const google::protobuf::Duration& proto, absl::Duration absent,
                            absl::Duration max, Violations& violations) {
  if (!has) return absent;
  const absl::StatusOr<absl::Duration> duration = DurationFromProto(proto);
  if (!duration.ok()) {
    violations.Add(field, duration.status());
  } else if (*duration <= absl::ZeroDuration()) {
    violations.Add(field, "must be more than 0 s");
  } else if (*duration > max) {
    violations.Add(field, fmt::format("must be at most {} s", absl::ToInt64Seconds(max)));
  } else {
    return *duration;
  }
  return absent;
}

}  // namespace campaigner::services

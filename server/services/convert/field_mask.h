#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace campaigner::services {

// Names of the fields of `resource` that an update changes; all are in `changeable`. "*" means all
// of those, no mask those that are set. INVALID_ARGUMENT, field update_mask, for a path that is not
// one of them.
absl::StatusOr<std::vector<std::string>> ResolveMask(
    const google::protobuf::FieldMask& mask, const google::protobuf::Message& resource,
    const std::vector<std::string_view>& changeable);

// Makes these fields of `to` what they are in `from`, absent ones absent.
void CopyFields(const google::protobuf::Message& from, const std::vector<std::string>& fields,
                google::protobuf::Message* to);

}  // namespace campaigner::services

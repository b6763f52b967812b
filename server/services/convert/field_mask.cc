#include "server/services/convert/field_mask.h"

#include <fmt/format.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>

#include "server/base/text.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {
namespace {

bool Contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> SetFields(const google::protobuf::Message& resource,
                                   const std::vector<std::string_view>& changeable) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  resource.GetReflection()->ListFields(resource, &fields);
  std::vector<std::string> names;
  for (const auto* field : fields) {
    if (Contains(changeable, field->name())) names.push_back(field->name());
  }
  return names;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveMask(
    const google::protobuf::FieldMask& mask, const google::protobuf::Message& resource,
    const std::vector<std::string_view>& changeable) {
  const std::vector<std::string> all(changeable.begin(), changeable.end());
  if (mask.paths().empty()) return SetFields(resource, changeable);
  Violations violations;
  std::vector<std::string> fields;
  for (const std::string& path : mask.paths()) {
    if (path == "*" && mask.paths_size() == 1) return all;
    if (!Contains(changeable, path)) {
      violations.Add("update_mask",
                     fmt::format("names \"{}\", which is no field that can be changed",
                                 base::Printable(path, 64)));
    } else if (std::find(fields.begin(), fields.end(), path) == fields.end()) {
      fields.push_back(path);
    }
  }
  if (!violations.empty()) return violations.ToStatus();
  return fields;
}

void CopyFields(const google::protobuf::Message& from, const std::vector<std::string>& fields,
                google::protobuf::Message* to) {
  google::protobuf::FieldMask mask;
  const auto* reflection = to->GetReflection();
  for (const std::string& name : fields) {
    mask.add_paths(name);
    reflection->ClearField(to, to->GetDescriptor()->FindFieldByName(name));
  }
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(
      from, mask, google::protobuf::util::FieldMaskUtil::MergeOptions(), to);
}

}  // namespace campaigner::services

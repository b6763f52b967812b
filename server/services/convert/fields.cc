#include "server/services/convert/fields.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/domain/template.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {

namespace limits = base::limits;

std::string FieldPath(const std::string& name) {
  return domain::IsFieldName(name) ? fmt::format("fields[{}]", name) : "fields";
}

void CheckFields(
    const ProtoFields& fields,
    absl::FunctionRef<void(std::string_view path, std::string_view description)> report) {
  if (fields.size() > limits::kFieldsMax) {
    return report("fields", fmt::format("must be at most {}", limits::kFieldsMax));
  }
  for (const auto& [name, value] : fields) {
    if (name.empty()) report("fields", "must have names");
    const std::string bad_name = TextProblem(name, limits::kFieldNameCharsMax);
    if (!bad_name.empty()) report("fields", "have a name that " + bad_name);
    const std::string bad_value = TextProblem(value, limits::kFieldValueCharsMax);
    if (!bad_value.empty()) report(FieldPath(name), bad_value);
  }
}

}  // namespace campaigner::services

#include "server/services/convert/violations.h"

#include <fmt/format.h>

#include "server/base/text.h"
#include "server/domain/errors/requests.h"

namespace campaigner::services {

std::string TextProblem(std::string_view text, size_t chars_max) {
  if (text.find('\0') != std::string_view::npos) return "must not contain a NUL";
  // What passes this cheap test is not looked at again: bytes are at least as many as characters.
  if (text.size() <= chars_max || base::CountCodePoints(text) <= chars_max) return {};
  return fmt::format("must have at most {} characters", chars_max);
}

void Violations::Add(std::string_view field, std::string_view description) {
  violations_.push_back({std::string(field), std::string(description)});
}

void Violations::Add(std::string_view field, const absl::Status& status) {
  Add(field, base::ToStd(status.message()));
}

void Violations::CheckText(std::string_view field, std::string_view text, size_t chars_max) {
  if (const std::string problem = TextProblem(text, chars_max); !problem.empty()) {
    Add(field, problem);
  }
}

void Violations::CheckRequired(std::string_view field, std::string_view text, size_t chars_max) {
  if (text.empty()) return Add(field, "is required");
  CheckText(field, text, chars_max);
}

void Violations::CheckRange(std::string_view field, int64_t value, int64_t min, int64_t max) {
  if (value < min || value > max) Add(field, fmt::format("must be {} to {}", min, max));
}

void Violations::CheckId(std::string_view field, int64_t id) {
  if (id == 0) return Add(field, "is required");
  if (id < 0) Add(field, "must be positive");
}

absl::Status Violations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  return domain::errors::InvalidFields(violations_);
}

}  // namespace campaigner::services

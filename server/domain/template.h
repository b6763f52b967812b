#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/domain/message.h"

namespace campaigner::domain {

// A text with placeholders {name}: letters, digits, "_" and "-". "{{" and "}}" stand for braces; a
// brace that starts no placeholder stands for itself. Validate refuses text that is not UTF-8,
// holds a NUL, or is too long: INVALID_ARGUMENT with a reason that fits behind a field's name ("is
// not valid UTF-8").
absl::Status ValidateTemplate(std::string_view text);

// The text with each placeholder replaced, once: what stands in a value is never expanded. An
// absent field leaves an empty string; doubled spaces stay.
std::string Render(std::string_view text, const Fields& fields);

}  // namespace campaigner::domain

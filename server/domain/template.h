#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"

namespace campaigner::domain {

// A text with placeholders {name}: letters and digits of any script, "_", "-" and ".". "{{" and
// "}}" stand for braces; a brace that starts no placeholder stands for itself. Validate refuses
// text that is not UTF-8, holds a NUL, or is too long: INVALID_ARGUMENT with a reason that fits
// behind a field's name ("is not valid UTF-8").
absl::Status ValidateTemplate(std::string_view text);

// Whether a template can show a field of this name; at most limits::kFieldNameCharsMax characters.
bool IsFieldName(std::string_view name);

// Whether a text has more than limits::kTextCharsMax characters.
bool IsTextTooLong(std::string_view text);

// The text with each placeholder replaced, once: what stands in a value is never expanded. A field
// that is absent leaves what `missing` says: an empty string (kRemove, kReject; doubled spaces
// stay) or the placeholder itself (kKeep). An empty value is a value. A text that IsTextTooLong is
// cut somewhere past that length, so that nobody's values fill the memory.
std::string Render(std::string_view text, const Fields& fields,
                   MissingValues missing = MissingValues::kRemove);

// The names of the placeholders for which there is no field: each once, in the order in which they
// stand in the text.
std::vector<std::string> ListMissing(std::string_view text, const Fields& fields);

}  // namespace campaigner::domain

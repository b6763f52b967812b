#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace campaigner::imports {

// What a user typed as a separator, as it stands in a file: "\t" is a tab; so are \n, \r and \\.
// INVALID_ARGUMENT with a reason that fits behind a field's name: not UTF-8, a NUL, longer than
// limits::kImportSeparatorCharsMax, another character behind a backslash.
absl::StatusOr<std::string> ParseSeparator(std::string_view typed);

// The other way round: what ParseSeparator reads as `separator`.
std::string WriteSeparator(std::string_view separator);

}  // namespace campaigner::imports

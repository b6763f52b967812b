#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace campaigner::base {

// Debian's Abseil has a string_view of its own, without conversion to or from the standard one.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

// Well-formed UTF-8 by the Unicode standard (no surrogates, no overlong forms).
bool IsValidUtf8(std::string_view text);

// The longest prefix of at most `bytes_max` bytes that does not cut a UTF-8 character.
std::string_view TruncateUtf8(std::string_view text, size_t bytes_max);

// Number of Unicode code points in valid UTF-8.
size_t CountCodePoints(std::string_view text);

// Anything as something that may be logged or stored as text: invalid UTF-8 becomes U+FFFD, control
// characters become spaces, and at most `bytes_max` bytes remain.
std::string Printable(std::string_view text, size_t bytes_max);

// Lower-case hexadecimal.
std::string ToHex(std::string_view bytes);

}  // namespace campaigner::base

#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace campaigner::gateway {

// Whether a text is JSON by RFC 8259, in valid UTF-8, nested at most limits::kJsonDepthMax deep,
// with at most limits::kJsonMembersMax members in an object,
// without two members of one name in an object and without NUL in its strings. protobuf's parser is
// more forgiving in all of these, and what it forgives is mostly a caller's mistake that would
// otherwise be stored. INVALID_ARGUMENT says where, without quoting the text. Pure.
absl::Status CheckStrictJson(std::string_view json);

}  // namespace campaigner::gateway

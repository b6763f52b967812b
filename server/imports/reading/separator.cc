#include "server/imports/reading/separator.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::imports {
namespace {

using base::limits::kImportSeparatorCharsMax;

struct Escape {
  char typed;
  char meant;
};
constexpr Escape kEscapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}};

}  // namespace

absl::StatusOr<std::string> ParseSeparator(std::string_view typed) {
  if (!base::IsValidUtf8(typed)) return absl::InvalidArgumentError("is not valid UTF-8");
  if (typed.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("holds a NUL character");
  }
  if (base::CountCodePoints(typed) > kImportSeparatorCharsMax) {
    return absl::InvalidArgumentError(
        fmt::format("must have at most {} characters", kImportSeparatorCharsMax));
  }
  std::string separator;
  for (size_t i = 0; i < typed.size(); ++i) {
    if (typed[i] != '\\') {
      separator += typed[i];
      continue;
    }
    ++i;
    const char* meant = nullptr;
    for (const Escape& escape : kEscapes) {
      if (i < typed.size() && typed[i] == escape.typed) meant = &escape.meant;
    }
    if (meant == nullptr) {
      return absl::InvalidArgumentError("has a backslash without n, r, t or \\ behind it");
    }
    separator += *meant;
  }
  return separator;
}

std::string WriteSeparator(std::string_view separator) {
  std::string typed;
  for (const char c : separator) {
    char shown = c;
    for (const Escape& escape : kEscapes) {
      if (c == escape.meant) {
        typed += '\\';
        shown = escape.typed;
      }
    }
    typed += shown;
  }
  return typed;
}

}  // namespace campaigner::imports

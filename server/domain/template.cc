#include "server/domain/template.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::domain {
namespace {

using base::limits::kTextCharsMax;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// The name in "{name}" at the start of `text`; empty if that is not what stands there.
std::string_view PlaceholderName(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end == text.size() || text[end] != '}') return {};
  return text.substr(1, end - 1);
}

}  // namespace

absl::Status ValidateTemplate(std::string_view text) {
  if (!base::IsValidUtf8(text)) return absl::InvalidArgumentError("is not valid UTF-8");
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("holds a NUL character");
  }
  if (base::CountCodePoints(text) > kTextCharsMax) {
    return absl::InvalidArgumentError(
        fmt::format("must have at most {} characters", kTextCharsMax));
  }
  return absl::OkStatus();
}

std::string Render(std::string_view text, const Fields& fields) {
  std::string rendered;
  rendered.reserve(text.size());
  while (true) {
    const size_t brace = text.find_first_of("{}");
    rendered += text.substr(0, brace);
    if (brace == std::string_view::npos) return rendered;
    text.remove_prefix(brace);
    const char c = text[0];
    if (text.size() > 1 && text[1] == c) {
      rendered += c;
      text.remove_prefix(2);
    } else if (const auto name = PlaceholderName(text); c == '{' && !name.empty()) {
      if (const auto field = fields.find(name); field != fields.end()) rendered += field->second;
      text.remove_prefix(name.size() + 2);
    } else {
      rendered += c;
      text.remove_prefix(1);
    }
  }
}

}  // namespace campaigner::domain

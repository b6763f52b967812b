#include "server/domain/template.h"

#include <fmt/format.h>

#include <set>

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

// Walks through `text` once: `literal` gets what stands for itself, `placeholder` each name and the
// placeholder as it is written.
template <typename Literal, typename Placeholder>
void Walk(std::string_view text, Literal&& literal, Placeholder&& placeholder) {
  while (true) {
    const size_t brace = text.find_first_of("{}");
    literal(text.substr(0, brace));
    if (brace == std::string_view::npos) return;
    text.remove_prefix(brace);
    const char c = text[0];
    size_t length = 1;
    if (text.size() > 1 && text[1] == c) {
      literal(text.substr(0, 1));
      length = 2;
    } else if (const auto name = PlaceholderName(text); c == '{' && !name.empty()) {
      length = name.size() + 2;
      placeholder(name, text.substr(0, length));
    } else {
      literal(text.substr(0, 1));
    }
    text.remove_prefix(length);
  }
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

std::string Render(std::string_view text, const Fields& fields, MissingValues missing) {
  std::string rendered;
  rendered.reserve(text.size());
  Walk(
      text, [&](std::string_view literal) { rendered += literal; },
      [&](std::string_view name, std::string_view placeholder) {
        if (const auto field = fields.find(name); field != fields.end()) {
          rendered += field->second;
        } else if (missing == MissingValues::kKeep) {
          rendered += placeholder;
        }
      });
  return rendered;
}

std::vector<std::string> ListMissing(std::string_view text, const Fields& fields) {
  std::vector<std::string> missing;
  std::set<std::string_view> seen;
  Walk(
      text, [](std::string_view /*literal*/) {},
      [&](std::string_view name, std::string_view /*placeholder*/) {
        if (!fields.contains(name) && seen.insert(name).second) missing.emplace_back(name);
      });
  return missing;
}

}  // namespace campaigner::domain

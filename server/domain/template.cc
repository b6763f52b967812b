#include "server/domain/template.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <bit>
#include <set>

#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::domain {
namespace {

using base::limits::kTextCharsMax;

// A character of UTF-8 takes four bytes at most, so what is longer than this has too many of them
// also after the last was cut off.
constexpr size_t kRenderedBytesMax = 4 * (kTextCharsMax + 1);

// Marks belong to the letters before them: many scripts do not write a word without.
constexpr uint32_t kNameCategories = U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK;

bool IsNameCharacter(UChar32 c) {
  if (c == '_' || c == '-' || c == '.') return true;
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
  return (U_GET_GC_MASK(c) & kNameCategories) != 0;
}

// The first character of `text`, which is not empty, and how many bytes it has; U_SENTINEL: none.
UChar32 FirstCharacter(std::string_view text, size_t& length) {
  const auto lead = static_cast<uint8_t>(text[0]);
  length = static_cast<size_t>(std::max(std::countl_one(lead), 1));
  text = text.substr(0, length);
  if (text.size() < length || !base::IsValidUtf8(text)) return U_SENTINEL;
  UChar32 c = length == 1 ? lead : lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) c = (c << 6) | (static_cast<uint8_t>(text[i]) & 0x3F);
  return c;
}

// How many bytes at the start of `text` may belong to a name.
size_t NameLength(std::string_view text) {
  size_t length = 0;
  for (size_t size = 0; length < text.size(); length += size) {
    if (!IsNameCharacter(FirstCharacter(text.substr(length), size))) break;
  }
  return length;
}

// The name in "{name}" at the start of `text`; empty if that is not what stands there.
std::string_view PlaceholderName(std::string_view text) {
  text.remove_prefix(1);
  const size_t length = NameLength(text);
  if (length == text.size() || text[length] != '}') return {};
  return text.substr(0, length);
}

// A text as it grows, to kRenderedBytesMax and no further.
class Rendered {
 public:
  explicit Rendered(size_t expected_bytes) {
    text_.reserve(std::min(expected_bytes, kRenderedBytesMax));
  }

  void operator+=(std::string_view part) {
    if (is_full_) return;
    const size_t room = kRenderedBytesMax - text_.size();
    is_full_ = part.size() > room;
    text_ += is_full_ ? base::TruncateUtf8(part, room) : part;
  }
  std::string Take() && { return std::move(text_); }

 private:
  std::string text_;
  bool is_full_ = false;
};

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
  if (IsTextTooLong(text)) {
    return absl::InvalidArgumentError(
        fmt::format("must have at most {} characters", kTextCharsMax));
  }
  return absl::OkStatus();
}

bool IsFieldName(std::string_view name) {
  return !name.empty() && NameLength(name) == name.size() &&
         base::CountCodePoints(name) <= base::limits::kFieldNameCharsMax;
}

bool IsTextTooLong(std::string_view text) {
  return text.size() > kTextCharsMax && base::CountCodePoints(text) > kTextCharsMax;
}

std::string Render(std::string_view text, const Fields& fields, MissingValues missing) {
  Rendered rendered(text.size());
  Walk(
      text, [&](std::string_view literal) { rendered += literal; },
      [&](std::string_view name, std::string_view placeholder) {
        if (const auto field = fields.find(name); field != fields.end()) {
          rendered += field->second;
        } else if (missing == MissingValues::kKeep) {
          rendered += placeholder;
        }
      });
  return std::move(rendered).Take();
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

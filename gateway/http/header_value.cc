#include "gateway/http/header_value.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "gateway/http/uri.h"
#include "server/base/text.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kBlank = " \t";

void SkipBlank(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

// Up to any of `ends`, in lower case, without blanks behind it.
std::string TakeToken(std::string_view& text, std::string_view ends) {
  const std::string_view token = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(token.size());
  const size_t last = token.find_last_not_of(kBlank);
  return absl::AsciiStrToLower(base::ToAbsl(token.substr(0, last == token.npos ? 0 : last + 1)));
}

// Behind the opening quote. Browsers do not double backslashes in names of files: a backslash
// escapes only a quote or another backslash.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string value;
  while (!text.empty() && text.front() != '"') {
    const bool is_escape =
        text.front() == '\\' && text.size() > 1 && (text[1] == '"' || text[1] == '\\');
    if (is_escape) text.remove_prefix(1);
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

std::optional<std::string> TakeValue(std::string_view& text) {
  if (text.starts_with('"')) {
    text.remove_prefix(1);
    return TakeQuoted(text);
  }
  const std::string_view token = text.substr(0, text.find_first_of("; \t"));
  text.remove_prefix(token.size());
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

// The text of UTF-8'language'percent-encoded.
std::optional<std::string> DecodeExtended(std::string_view value) {
  constexpr std::string_view kUtf8 = "utf-8";
  const size_t first = value.find('\'');
  const size_t second = value.find('\'', first == value.npos ? first : first + 1);
  if (second == value.npos) return std::nullopt;
  if (absl::AsciiStrToLower(base::ToAbsl(value.substr(0, first))) != kUtf8) return std::nullopt;
  return PercentDecode(value.substr(second + 1), false);
}

// What "filename*" says becomes "filename", whichever stands first.
bool ApplyExtended(Parameters& parameters) {
  Parameters extended;
  for (const auto& [name, value] : parameters) {
    if (!name.ends_with('*')) continue;
    std::optional<std::string> text = DecodeExtended(value);
    if (!text) return false;
    extended.emplace_back(name.substr(0, name.size() - 1), *std::move(text));
  }
  std::erase_if(parameters, [&extended](const auto& plain) {
    return plain.first.ends_with('*') || FindParameter(extended, plain.first);
  });
  parameters.insert(parameters.end(), extended.begin(), extended.end());
  return true;
}

}  // namespace

std::string_view HeaderValue::Parameter(std::string_view name) const {
  return FindParameter(parameters, name).value_or(std::string_view());
}

std::optional<HeaderValue> ParseHeaderValue(std::string_view text) {
  HeaderValue parsed;
  SkipBlank(text);
  parsed.value = TakeToken(text, ";");
  while (!text.empty()) {
    text.remove_prefix(1);
    SkipBlank(text);
    // A semicolon at the end is common, and harmless.
    if (text.empty()) break;
    std::string name = TakeToken(text, "=;");
    if (name.empty() || !text.starts_with('=') || FindParameter(parsed.parameters, name)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
    SkipBlank(text);
    std::optional<std::string> value = TakeValue(text);
    SkipBlank(text);
    if (!value || !(text.empty() || text.front() == ';')) return std::nullopt;
    parsed.parameters.emplace_back(std::move(name), *std::move(value));
  }
  if (!ApplyExtended(parsed.parameters)) return std::nullopt;
  return parsed;
}

std::string AttachmentDisposition(std::string_view file_name) {
  // Of RFC 8187, attr-char.
  constexpr std::string_view kPlainMarks = "!#$&+-.^_`|~";
  std::string fallback;
  std::string encoded;
  bool is_plain = true;
  for (const char c : BaseName(file_name)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_simple = absl::ascii_isprint(byte) && c != '"' && c != '\\' && c != '%';
    is_plain = is_plain && is_simple;
    // One mark for a character, however many bytes it has.
    if (is_simple) {
      fallback += c;
    } else if ((byte & 0xc0) != 0x80) {
      fallback += '_';
    }
    if (absl::ascii_isalnum(byte) || kPlainMarks.find(c) != kPlainMarks.npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  if (fallback.empty()) return "attachment";
  if (is_plain) return fmt::format("attachment; filename=\"{}\"", fallback);
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", fallback, encoded);
}

std::string_view BaseName(std::string_view path) {
  const size_t last = path.find_last_of("/\\");
  return last == path.npos ? path : path.substr(last + 1);
}

}  // namespace campaigner::gateway::http

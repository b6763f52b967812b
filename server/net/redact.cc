#include "server/net/redact.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace campaigner::net {
namespace {

constexpr std::string_view kHidden = "***";

constexpr std::array<std::pair<char, std::string_view>, 13> kEscapes = {{
    {' ', "+"},
    {'"', "\\\""},
    {'\\', "\\\\"},
    {'/', "\\/"},
    {'\b', "\\b"},
    {'\f', "\\f"},
    {'\n', "\\n"},
    {'\r', "\\r"},
    {'\t', "\\t"},
    {'&', "&amp;"},
    {'<', "&lt;"},
    {'>', "&gt;"},
    {'"', "&quot;"},
}};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Whether `text` starts with `prefix` and the two hexadecimal digits of `c`.
bool StartsWithHex(std::string_view text, std::string_view prefix, char c) {
  if (text.substr(0, prefix.size()) != prefix || text.size() < prefix.size() + 2) return false;
  const auto byte = static_cast<uint8_t>(c);
  return HexDigit(text[prefix.size()]) == byte >> 4 &&
         HexDigit(text[prefix.size() + 1]) == (byte & 15);
}

// Adds the ends of every way in which `c` may stand at `begin`.
void AddEnds(std::string_view text, size_t begin, char c, std::vector<size_t>* ends) {
  const std::string_view rest = text.substr(begin);
  if (rest.empty()) return;
  if (rest[0] == c) ends->push_back(begin + 1);
  if (StartsWithHex(rest, "%", c)) ends->push_back(begin + 3);
  if (StartsWithHex(rest, "\\u00", c)) ends->push_back(begin + 6);
  for (const auto& [plain, escape] : kEscapes) {
    if (c == plain && rest.substr(0, escape.size()) == escape) {
      ends->push_back(begin + escape.size());
    }
  }
}

// End of the longest form of `secret` that starts at `begin`; npos if none does.
size_t MatchEnd(std::string_view text, size_t begin, std::string_view secret) {
  constexpr std::string_view kEscapeStarts = "%+\\&";
  if (text[begin] != secret[0] && kEscapeStarts.find(text[begin]) == std::string_view::npos) {
    return std::string_view::npos;  // The common case, without memory.
  }
  std::vector<size_t> ends = {begin};
  std::vector<size_t> next;
  for (const char c : secret) {
    next.clear();
    for (const size_t end : ends) AddEnds(text, end, c, &next);
    if (next.empty()) return std::string_view::npos;
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    std::swap(ends, next);
  }
  return ends.back();
}

}  // namespace

std::string Redact(std::string_view text, const std::vector<std::string>& secrets) {
  std::vector<std::string_view> longest_first(secrets.begin(), secrets.end());
  std::erase_if(longest_first, [](std::string_view secret) { return secret.empty(); });
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [](auto a, auto b) { return a.size() > b.size(); });
  if (longest_first.empty()) return std::string(text);
  std::string clean;
  for (size_t i = 0; i < text.size();) {
    size_t end = std::string_view::npos;
    for (const std::string_view secret : longest_first) {
      end = MatchEnd(text, i, secret);
      if (end != std::string_view::npos) break;
    }
    if (end == std::string_view::npos) {
      clean += text[i++];
    } else {
      clean += kHidden;
      i = end;
    }
  }
  return clean;
}

std::string RedactQueryValues(std::string_view url) {
  const size_t question = url.find('?');
  if (question == std::string_view::npos) return std::string(url);
  std::string clean(url.substr(0, question + 1));
  std::string_view query = url.substr(question + 1);
  while (true) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos) clean += pair.substr(0, equals + 1);
    if (!pair.empty()) clean += kHidden;
    if (pair.size() == query.size()) return clean;
    clean += '&';
    query.remove_prefix(pair.size() + 1);
  }
}

}  // namespace campaigner::net

#include <algorithm>
#include <string>

#include "gateway/http/router.h"
#include "gateway/http/uri.h"
#include "tests/fuzz/input.h"

// The first line is a pattern, the second a path; an accepted pattern without variables matches
// itself and nothing else.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace http = campaigner::gateway::http;
  const std::string_view text = campaigner::fuzz::Text(data, size);
  const std::string_view pattern_text = text.substr(0, text.find('\n'));
  const std::string_view path = text.substr(std::min(text.size(), pattern_text.size() + 1));
  const auto pattern = http::PathPattern::Parse(pattern_text);
  if (pattern.ok()) {
    const bool is_match = pattern->Match(path).has_value();
    if (!pattern->has_variables()) {
      campaigner::fuzz::Require(is_match == (path == pattern_text));
    }
  }
  (void)http::ParseQuery(path);
  return 0;
}

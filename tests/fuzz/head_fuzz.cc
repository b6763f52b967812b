#include <string>

#include "gateway/http/head.h"
#include "gateway/limits.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string head(campaigner::fuzz::Text(data, size));
  const auto check = campaigner::gateway::http::CheckHead(head);
  if (check.refusal_status != 0) return 0;
  Require(check.content_length <= campaigner::gateway::limits::kBodyBytesMax);
  Require(check.headers.size() <= campaigner::gateway::limits::kHeadersMax);
  for (const auto& [name, value] : check.headers) {
    Require(!name.empty() && value.find_first_of("\r\n") == value.npos);
  }
  return 0;
}

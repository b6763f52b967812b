#include <algorithm>
#include <string>

#include "gateway/receipts/receipts.h"
#include "tests/fuzz/input.h"

// The first line is a query, the rest a body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  campaigner::gateway::http::Request request;
  const std::string_view query = text.substr(0, text.find('\n'));
  request.target = "/receipts/v1/p/r?" + std::string(query);
  request.body = text.substr(std::min(text.size(), query.size() + 1));
  const auto parsed = campaigner::gateway::receipts::ParseReceipt(request);
  if (const auto* report = std::get_if<0>(&parsed); report != nullptr && *report) {
    campaigner::fuzz::Require((*report)->state() != 0);
  }
  return 0;
}

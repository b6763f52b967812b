#include "gateway/dialects/o3go.h"
#include "gateway/dialects/o3go_parser.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace dialects = campaigner::gateway::dialects;
  const auto body = dialects::ParseO3goBody(campaigner::fuzz::Text(data, size));
  if (!body.broken_json.empty() || body.has_too_many || !body.errors.empty()) return 0;
  Require(body.request.messages_size() > 0);
  for (const auto& message : body.request.messages()) {
    Require(message.campaign_id() > 0);
    Require(message.recipient().find('\0') == std::string::npos);
  }
  campaigner::v1::SendMessagesResponse response;
  for (int i = 0; i < body.request.messages_size(); ++i) response.add_messages();
  Require(dialects::FormatO3goSend(body.request, response).body.front() == '[');
  return 0;
}

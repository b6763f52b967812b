#include "campaigner/v1/message_service.pb.h"
#include "server/rpc/page_token.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

// A token that is taken is one that was given.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kTokens = new campaigner::rpc::PageTokens("a secret");
  const std::string_view token = campaigner::fuzz::Text(data, size);
  campaigner::v1::ListMessagesRequest request;
  const auto after_id = kTokens->Read(request, 1, token);
  if (after_id.ok()) Require(kTokens->Make(request, 1, *after_id) == token);
  return 0;
}

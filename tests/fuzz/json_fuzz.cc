#include "campaigner/v1/message_service.pb.h"
#include "gateway/native/binding.h"
#include "tests/fuzz/input.h"

// What the strict check passes, protobuf must be able to read or refuse; what was read can be
// written, and read again to the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace native = campaigner::gateway::native;
  campaigner::v1::StreamMessagesRequest request;
  if (!native::ParseJson(campaigner::fuzz::Text(data, size), request).ok()) return 0;
  campaigner::v1::StreamMessagesRequest again;
  campaigner::fuzz::Require(native::ParseJson(native::ToJson(request), again).ok());
  campaigner::fuzz::Require(again.ByteSizeLong() == request.ByteSizeLong());
  return 0;
}

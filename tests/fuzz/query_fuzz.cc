#include <string>
#include <vector>

#include "gateway/native/binding.h"
#include "tests/fuzz/input.h"

// A query for each RPC of the API.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace native = campaigner::gateway::native;
  static const auto* const kRpcs = new std::vector<native::HttpRpc>(native::AllHttpRpcs());
  campaigner::gateway::http::Request request;
  request.target = "/?" + std::string(campaigner::fuzz::Text(data, size));
  for (const native::HttpRpc& rpc : *kRpcs) {
    const auto bound = native::BindRequest(rpc, request);
    if (bound.ok()) campaigner::fuzz::Require((*bound)->IsInitialized());
  }
  return 0;
}

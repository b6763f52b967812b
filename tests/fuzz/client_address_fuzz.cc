#include <string>

#include "gateway/client_address.h"
#include "tests/fuzz/input.h"

// X-Forwarded-For from a trusted proxy: what comes out is an address, or none that a network
// contains; and not the proxy's unless nothing else was in it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gateway = campaigner::gateway;
  static const auto* const kAddresses =
      new gateway::ClientAddress(*gateway::ClientAddress::Trusting({"127.0.0.0/8"}));
  gateway::http::Request request;
  request.client_address = "127.0.0.1";
  request.headers = {{"X-Forwarded-For", std::string(campaigner::fuzz::Text(data, size))}};
  const std::string address = kAddresses->Of(request);
  campaigner::fuzz::Require(campaigner::base::ParseAddress(address).has_value() ||
                            address == "unknown");
  return 0;
}

#include "server/net/request_check.h"
#include "server/webhooks/url.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

// A URL that a campaign may have is one that the client would call; and whoever looks like the same
// destination is one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace webhooks = campaigner::webhooks;
  const std::string_view url = campaigner::fuzz::Text(data, size);
  (void)webhooks::CheckWebhookAddress(url, {});
  const std::string destination = webhooks::UrlDestination(url);
  if (!webhooks::ValidateWebhookUrl(url).ok()) return 0;
  campaigner::net::HttpRequest request;
  request.url = url;
  Require(campaigner::net::CheckRequest(request).ok());
  Require(destination.starts_with("http://") || destination.starts_with("https://"));
  Require(webhooks::UrlDestination(destination) == destination);
  return 0;
}

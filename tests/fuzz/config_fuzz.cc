#include <algorithm>
#include <string>

#include "server/services/convert/config.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

// A configuration that is taken has for each route a provider.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto settings = campaigner::services::ParseSettings(
      std::string(campaigner::fuzz::Text(data, size)),
      [](const std::string& /*name*/) { return std::optional<std::string>("secret"); });
  if (!settings.ok()) return 0;
  Require(!settings->providers.empty() && !settings->routes.empty());
  for (const auto& route : settings->routes) {
    Require(
        std::any_of(settings->providers.begin(), settings->providers.end(),
                    [&](const auto& provider) { return provider.name == route.provider_name; }));
    Require(route.concurrency_max >= 0 && route.messages_per_second_max >= 0);
  }
  Require(settings->webhook_timeout > absl::ZeroDuration());
  Require(settings->retention > absl::ZeroDuration());
  return 0;
}

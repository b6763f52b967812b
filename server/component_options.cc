#include "server/component_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "server/base/text.h"

namespace campaigner {
namespace {

using services::Settings;

// The most that a provider takes at once by default, Kannel.
constexpr int kProviderConnectionsPerHost = 128;

}  // namespace

absl::StatusOr<std::shared_ptr<net::ExchangeLog>> OpenExchangeLog(const Settings& settings,
                                                                  const std::string& data_dir) {
  if (!settings.exchange_log) return nullptr;
  net::ExchangeLogOptions options = *settings.exchange_log;
  options.path = std::filesystem::path(data_dir) / options.path;
  auto log = net::ExchangeLog::Open(std::move(options));
  if (!log.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("exchange_log.file: {}", base::ToStd(log.status().message())));
  }
  return std::shared_ptr<net::ExchangeLog>(*std::move(log));
}

net::HttpClientOptions ProviderHttpOptions(const Settings& settings,
                                           std::shared_ptr<net::ExchangeLog> log) {
  net::HttpClientOptions options;
  // What a route has where it says nothing: providers::Capabilities.
  options.connections_per_host_max = kProviderConnectionsPerHost;
  for (const dispatch::RouteOptions& route : settings.routes) {
    options.connections_per_host_max =
        std::max(options.connections_per_host_max, route.concurrency_max);
  }
  options.connections_max = std::max(options.connections_max, options.connections_per_host_max);
  options.exchange_log = std::move(log);
  return options;
}

net::HttpClientOptions WebhookHttpOptions(const Settings& settings,
                                          std::shared_ptr<net::ExchangeLog> log) {
  net::HttpClientOptions options;
  options.exchange_log = std::move(log);
  options.guard_addresses = true;
  options.allowed_networks = settings.webhook_networks;
  options.connections_per_host_max =
      std::max(options.connections_per_host_max, settings.webhook_concurrency_per_destination);
  return options;
}

dispatch::MaintenanceOptions MaintenanceOptions(const Settings& settings,
                                                const std::string& owner) {
  dispatch::MaintenanceOptions options;
  options.owner = owner;
  options.retention = settings.retention;
  return options;
}

webhooks::WebhookSenderOptions SenderOptions(const Settings& settings,
                                             absl::Duration drain_timeout) {
  webhooks::WebhookSenderOptions options;
  options.timeout = settings.webhook_timeout;
  options.concurrency_per_destination_max = settings.webhook_concurrency_per_destination;
  options.drain_timeout = drain_timeout;
  return options;
}

}  // namespace campaigner

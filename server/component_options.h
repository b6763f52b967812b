#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/maintenance.h"
#include "server/net/exchange_log.h"
#include "server/net/http_client.h"
#include "server/services/convert/config.h"
#include "server/webhooks/sender.h"

// What the server's configuration says, in the words of each of its parts.
namespace campaigner {

// Null where none is wanted. INVALID_ARGUMENT, naming the field: its file cannot be written.
absl::StatusOr<std::shared_ptr<net::ExchangeLog>> OpenExchangeLog(
    const services::Settings& settings, const std::string& data_dir);

net::HttpClientOptions ProviderHttpOptions(const services::Settings& settings,
                                           std::shared_ptr<net::ExchangeLog> log);
net::HttpClientOptions WebhookHttpOptions(const services::Settings& settings,
                                          std::shared_ptr<net::ExchangeLog> log);
dispatch::MaintenanceOptions MaintenanceOptions(const services::Settings& settings,
                                                const std::string& owner);
webhooks::WebhookSenderOptions SenderOptions(const services::Settings& settings,
                                             absl::Duration drain_timeout);

}  // namespace campaigner

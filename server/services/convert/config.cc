#include "server/services/convert/config.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <set>

#include "campaigner/config/server_config.pb.h"
#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/services/convert/config_providers.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

// Keeps the first error: the rest follows from it.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

absl::StatusOr<config::ServerConfig> ParseText(const std::string& text) {
  config::ServerConfig proto;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &proto)) return absl::InvalidArgumentError(error.text);
  return proto;
}

absl::StatusOr<net::NetworkList> ReadNetworks(
    const char* field, const google::protobuf::RepeatedPtrField<std::string>& networks) {
  for (int i = 0; i < networks.size(); ++i) {
    if (!net::NetworkList::Parse({networks[i]}).ok()) {
      return ConfigError(fmt::format("{}[{}]", field, i),
                         fmt::format("\"{}\" is no network in CIDR form", networks[i]));
    }
  }
  return net::NetworkList::Parse({networks.begin(), networks.end()});
}

absl::StatusOr<dispatch::RouteOptions> ReadRoute(const config::RouteConfig& proto) {
  const std::string field = fmt::format("routes[{}]", proto.name());
  dispatch::RouteOptions route;
  route.name = proto.name();
  RETURN_IF_ERROR(CheckConfigName("routes", route.name));
  if (!proto.channel().empty()) route.channel = proto.channel();
  route.prefixes.assign(proto.prefixes().begin(), proto.prefixes().end());
  for (const std::string& prefix : route.prefixes) {
    if (prefix.empty() || prefix.find_first_not_of("0123456789") != std::string::npos) {
      return ConfigError(field + ".prefixes", "must be digits");
    }
  }
  route.provider_name = proto.provider();
  if (proto.concurrency_max() < 0) {
    return ConfigError(field + ".concurrency_max", "must be 0 or more");
  }
  route.concurrency_max = proto.concurrency_max();
  if (!(proto.messages_per_second_max() >= 0)) {
    return ConfigError(field + ".messages_per_second_max", "must be 0 or more");
  }
  route.messages_per_second_max = proto.messages_per_second_max();
  route.rate_counts_segments = proto.rate_counts_segments();
  if (proto.price_micros() < 0 || proto.price_micros() > base::limits::kPriceMicrosMax) {
    return ConfigError(field + ".price_micros",
                       fmt::format("must be 0 to {}", base::limits::kPriceMicrosMax));
  }
  route.price_micros = proto.price_micros();
  route.retry_unknown = proto.unknown_outcome() != config::RouteConfig::FAIL;
  return route;
}

absl::Status ReadRoutes(const config::ServerConfig& proto, Settings& settings) {
  std::set<std::string> provider_names;
  for (const auto& provider : settings.providers) provider_names.insert(provider.name);
  std::set<std::string> route_names;
  for (const config::RouteConfig& route_proto : proto.routes()) {
    ASSIGN_OR_RETURN(dispatch::RouteOptions route, ReadRoute(route_proto));
    if (!route_names.insert(route.name).second) {
      return ConfigError(fmt::format("routes[{}].name", route.name), "is there twice");
    }
    if (!provider_names.contains(route.provider_name)) {
      return ConfigError(fmt::format("routes[{}].provider", route.name),
                         fmt::format("\"{}\" is no provider of this file", route.provider_name));
    }
    if (route.price_micros != 0 && settings.currency.empty()) {
      return ConfigError(fmt::format("routes[{}].price_micros", route.name),
                         "needs a currency in this file");
    }
    settings.routes.push_back(std::move(route));
  }
  if (settings.routes.empty()) {
    const std::string& first = settings.providers[0].name;
    dispatch::RouteOptions route;
    route.name = first;
    route.provider_name = first;
    settings.routes.push_back(std::move(route));
  }
  return absl::OkStatus();
}

absl::Status ReadWebhooks(const config::WebhookConfig& proto, Settings& settings) {
  ASSIGN_OR_RETURN(settings.webhook_networks,
                   ReadNetworks("webhooks.allowed_networks", proto.allowed_networks()));
  if (proto.has_timeout()) {
    ASSIGN_OR_RETURN(settings.webhook_timeout,
                     ReadConfigDuration("webhooks.timeout", proto.timeout()));
  }
  if (proto.concurrency_per_destination_max() < 0) {
    return ConfigError("webhooks.concurrency_per_destination_max", "must be 0 or more");
  }
  settings.webhook_concurrency_per_destination = proto.concurrency_per_destination_max();
  return absl::OkStatus();
}

absl::Status ReadRetention(const config::RetentionConfig& proto, Settings& settings) {
  if (!proto.has_messages()) return absl::OkStatus();
  ASSIGN_OR_RETURN(settings.retention, ReadConfigDuration("retention.messages", proto.messages()));
  if (settings.retention < absl::Hours(1)) {
    return ConfigError("retention.messages", "must be at least 1 hour");
  }
  return absl::OkStatus();
}

absl::Status ReadExchangeLog(const config::ExchangeLogConfig& proto, Settings& settings) {
  constexpr int64_t kFileBytesMin = 4096;
  constexpr int kOldFilesMax = 1000;
  net::ExchangeLogOptions& log = settings.exchange_log.emplace();
  log.path = proto.file().empty() ? "exchanges.log" : proto.file();
  if (proto.file_bytes_max() != 0) {
    if (proto.file_bytes_max() < kFileBytesMin) {
      return ConfigError("exchange_log.file_bytes_max",
                         fmt::format("must be at least {}", kFileBytesMin));
    }
    log.file_bytes_max = static_cast<size_t>(proto.file_bytes_max());
  }
  if (proto.has_old_files_max()) {
    if (proto.old_files_max() < 0 || proto.old_files_max() > kOldFilesMax) {
      return ConfigError("exchange_log.old_files_max",
                         fmt::format("must be 0 to {}", kOldFilesMax));
    }
    log.old_files_max = static_cast<size_t>(proto.old_files_max());
  }
  if (proto.has_redact_personal_data()) log.redact_personal_data = proto.redact_personal_data();
  return absl::OkStatus();
}

absl::Status ReadCurrency(const std::string& currency, Settings& settings) {
  constexpr size_t kLetters = 3;
  if (currency.empty()) return absl::OkStatus();
  if (currency.size() != kLetters ||
      currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos) {
    return ConfigError("currency", "must be an ISO 4217 code, as \"RUB\"");
  }
  settings.currency = currency;
  return absl::OkStatus();
}

absl::Status ReadGeneral(const config::ServerConfig& proto, Settings& settings) {
  if (!proto.default_region().empty()) settings.default_region = proto.default_region();
  if (!proto.receipt_base_url().empty()) settings.receipt_base_url = proto.receipt_base_url();
  while (settings.receipt_base_url.ends_with('/')) settings.receipt_base_url.pop_back();
  if (!settings.receipt_base_url.starts_with("http://") &&
      !settings.receipt_base_url.starts_with("https://")) {
    return ConfigError("receipt_base_url", "must begin with http:// or https://");
  }
  if (proto.trusted_gateway_networks().empty()) {
    ASSIGN_OR_RETURN(settings.trusted_gateways, net::NetworkList::Parse({"127.0.0.0/8", "::1"}));
  } else {
    ASSIGN_OR_RETURN(settings.trusted_gateways,
                     ReadNetworks("trusted_gateway_networks", proto.trusted_gateway_networks()));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string> ProcessEnviron(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

absl::StatusOr<Settings> ParseSettings(const std::string& text, const Environ& environ) {
  ASSIGN_OR_RETURN(const config::ServerConfig proto, ParseText(text));
  Settings settings;
  RETURN_IF_ERROR(ReadGeneral(proto, settings));
  RETURN_IF_ERROR(ReadCurrency(proto.currency(), settings));
  ASSIGN_OR_RETURN(settings.providers, ReadProviders(proto, environ));
  RETURN_IF_ERROR(ReadRoutes(proto, settings));
  RETURN_IF_ERROR(ReadWebhooks(proto.webhooks(), settings));
  RETURN_IF_ERROR(ReadRetention(proto.retention(), settings));
  if (proto.has_exchange_log()) RETURN_IF_ERROR(ReadExchangeLog(proto.exchange_log(), settings));
  return settings;
}

}  // namespace campaigner::services

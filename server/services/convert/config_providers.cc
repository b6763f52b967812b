#include "server/services/convert/config_providers.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

constexpr size_t kNameCharsMax = 64;

std::string Trimmed(std::string text) {
  constexpr char kSpace[] = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  return text;
}

absl::StatusOr<std::string> ReadSecret(const std::string& field, const config::Secret& secret,
                                       const Environ& environ) {
  switch (secret.source_case()) {
    case config::Secret::kEnv: {
      std::optional<std::string> value = environ(secret.env());
      if (value) return *std::move(value);
      return ConfigError(field + ".env",
                         fmt::format("names the variable {}, which is not set", secret.env()));
    }
    case config::Secret::kFile: {
      std::ifstream file(secret.file());
      std::ostringstream content;
      if (file && content << file.rdbuf()) return Trimmed(content.str());
      return ConfigError(field + ".file",
                         fmt::format("names {}, which cannot be read", secret.file()));
    }
    case config::Secret::SOURCE_NOT_SET: break;
  }
  return ConfigError(field, "needs env or file");
}

providers::SimulatorOptions ReadSimulator(const config::SimulatorConfig& proto,
                                          absl::Duration receipt_delay) {
  providers::SimulatorOptions options;
  options.receipt_delay = receipt_delay;
  options.undelivered_percent = proto.undelivered_percent();
  options.rejected_percent = proto.rejected_percent();
  options.passing_failure_percent = proto.passing_failure_percent();
  options.silent_percent = proto.silent_percent();
  options.seed = proto.seed();
  return options;
}

absl::StatusOr<providers::KannelOptions> ReadKannel(const std::string& field,
                                                    const config::KannelConfig& proto,
                                                    const Environ& environ) {
  providers::KannelOptions options;
  if (!proto.url().empty()) options.url = proto.url();
  options.username = proto.username();
  ASSIGN_OR_RETURN(options.password, ReadSecret(field + ".password", proto.password(), environ));
  options.default_sender = proto.default_sender();
  options.confirm_submission = proto.confirm_submission();
  options.smsc = proto.smsc();
  if (proto.has_timeout()) {
    ASSIGN_OR_RETURN(options.timeout, ReadConfigDuration(field + ".timeout", proto.timeout()));
  }
  return options;
}

absl::StatusOr<providers::HttpOptions> ReadHttp(const std::string& field,
                                                const config::HttpConfig& proto,
                                                const Environ& environ) {
  providers::HttpOptions options;
  options.url = proto.url();
  if (proto.method() != config::HttpConfig::METHOD_UNSPECIFIED) {
    options.method = config::HttpConfig::Method_Name(proto.method());
  }
  for (const auto& header : proto.headers()) {
    options.headers.emplace_back(header.name(), header.value());
  }
  options.body = proto.body();
  if (!proto.content_type().empty()) options.content_type = proto.content_type();
  for (const auto& secret : proto.secrets()) {
    const std::string path = fmt::format("{}.secrets[{}]", field, secret.name());
    ASSIGN_OR_RETURN(std::string value, ReadSecret(path + ".secret", secret.secret(), environ));
    if (!options.secrets.emplace(secret.name(), std::move(value)).second) {
      return ConfigError(path, "is there twice");
    }
  }
  options.message_id_pointer = proto.message_id_pointer();
  options.deduplicates = proto.deduplicates();
  options.receipts = proto.receipts();
  if (proto.has_timeout()) {
    ASSIGN_OR_RETURN(options.timeout, ReadConfigDuration(field + ".timeout", proto.timeout()));
  }
  options.default_sender = proto.default_sender();
  return options;
}

absl::StatusOr<providers::ProviderOptions> ReadProvider(const config::ProviderConfig& proto,
                                                        const Environ& environ) {
  RETURN_IF_ERROR(CheckConfigName("providers", proto.name()));
  const std::string field = fmt::format("providers[{}]", proto.name());
  providers::ProviderOptions options;
  options.name = proto.name();
  switch (proto.kind_case()) {
    case config::ProviderConfig::kSimulator: {
      absl::Duration delay = providers::SimulatorOptions().receipt_delay;
      if (proto.simulator().has_receipt_delay()) {
        ASSIGN_OR_RETURN(delay, ReadConfigDuration(field + ".simulator.receipt_delay",
                                                   proto.simulator().receipt_delay()));
      }
      options.kind = ReadSimulator(proto.simulator(), delay);
      return options;
    }
    case config::ProviderConfig::kKannel: {
      ASSIGN_OR_RETURN(options.kind, ReadKannel(field + ".kannel", proto.kannel(), environ));
      return options;
    }
    case config::ProviderConfig::kHttp: {
      ASSIGN_OR_RETURN(options.kind, ReadHttp(field + ".http", proto.http(), environ));
      return options;
    }
    case config::ProviderConfig::KIND_NOT_SET: break;
  }
  return ConfigError(field, "needs simulator, kannel or http");
}

}  // namespace

absl::Status ConfigError(std::string_view field, std::string_view description) {
  return absl::InvalidArgumentError(fmt::format("{} {}", field, description));
}

absl::Status CheckConfigName(std::string_view field, const std::string& name) {
  constexpr char kAllowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!name.empty() && name.size() <= kNameCharsMax &&
      name.find_first_not_of(kAllowed) == std::string::npos) {
    return absl::OkStatus();
  }
  return ConfigError(fmt::format("{}[{}].name", field, base::Printable(name, kNameCharsMax)),
                     "must be 1 to 64 letters, digits, \"_\" and \"-\"");
}

absl::StatusOr<absl::Duration> ReadConfigDuration(std::string_view field,
                                                  const google::protobuf::Duration& proto) {
  const absl::StatusOr<absl::Duration> duration = DurationFromProto(proto);
  if (!duration.ok()) return ConfigError(field, base::ToStd(duration.status().message()));
  if (*duration <= absl::ZeroDuration()) return ConfigError(field, "must be more than 0 s");
  // Longer than anybody keeps or waits for anything: a mistake in the unit.
  if (*duration > 10 * base::limits::kTimeoutMax) return ConfigError(field, "is over ten years");
  return *duration;
}

absl::StatusOr<std::vector<providers::ProviderOptions>> ReadProviders(
    const config::ServerConfig& proto, const Environ& environ) {
  std::vector<providers::ProviderOptions> result;
  std::set<std::string> names;
  for (const config::ProviderConfig& provider_proto : proto.providers()) {
    ASSIGN_OR_RETURN(providers::ProviderOptions provider, ReadProvider(provider_proto, environ));
    if (!names.insert(provider.name).second) {
      return ConfigError(fmt::format("providers[{}].name", provider.name), "is there twice");
    }
    result.push_back(std::move(provider));
  }
  if (result.empty()) {
    result.push_back({.name = "simulator", .kind = providers::SimulatorOptions()});
  }
  return result;
}

}  // namespace campaigner::services

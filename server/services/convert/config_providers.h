#pragma once

#include <google/protobuf/duration.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaigner/config/server_config.pb.h"
#include "server/services/convert/config.h"

// The part of the configuration that is about providers, and what all parts share.
namespace campaigner::services {

// INVALID_ARGUMENT: "routes[main].provider is missing".
absl::Status ConfigError(std::string_view field, std::string_view description);

// Letters, digits, "_" and "-", 1 to 64.
absl::Status CheckConfigName(std::string_view field, const std::string& name);

// More than nothing, at most ten years.
absl::StatusOr<absl::Duration> ReadConfigDuration(std::string_view field,
                                                  const google::protobuf::Duration& proto);

// One simulator where the file names none.
absl::StatusOr<std::vector<providers::ProviderOptions>> ReadProviders(
    const config::ServerConfig& proto, const Environ& environ);

}  // namespace campaigner::services

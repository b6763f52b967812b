#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/rate.h"

namespace campaigner::domain {

struct Account {
  int64_t id = 0;
  std::string display_name;
  std::string default_region;
  std::string time_zone;
  bool is_operator = false;
  // Of all its campaigns together.
  Rate rate;
  absl::Time create_time;
};

// Each scope includes those before it. Numbers are stored.
enum class Scope : uint8_t { kSend = 1, kManage = 2, kAdmin = 3 };

struct ApiKey {
  int64_t id = 0;
  int64_t account_id = 0;
  std::string display_name;
  Scope scope = Scope::kSend;
  std::vector<std::string> client_networks;
  int32_t messages_per_second_max = 0;
  std::optional<absl::Time> expire_time;
  std::string prefix;
  // SHA-256 of the secret, 32 bytes. A secret is 40 random characters: it needs no slow hash.
  std::string secret_hash;
  absl::Time create_time;
  std::optional<absl::Time> revoke_time;
};

// Secrets with which an account's webhooks are signed: raw bytes, the present one and, for a while,
// the one before.
struct WebhookSecrets {
  std::string current;
  std::string previous;
  std::optional<absl::Time> previous_expire_time;
};

}  // namespace campaigner::domain

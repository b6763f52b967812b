#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/account.h"

namespace campaigner::storage {

// A page of rows by descending or ascending id. `after_id` 0: from the beginning.
struct Page {
  int64_t after_id = 0;
  int32_t size = 0;
};

// Accounts, keys and secrets. All functions block.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // `account.id` and times are assigned. `request_id` empty or a repeat's: then the first's account
  // is answered.
  virtual absl::StatusOr<domain::Account> CreateAccount(const domain::Account& account,
                                                        const std::string& request_id,
                                                        absl::Time now) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<domain::Account> GetAccount(int64_t account_id) = 0;
  // By ascending id.
  virtual absl::StatusOr<std::vector<domain::Account>> ListAccounts(Page page) = 0;
  // Display name, region, zone and rate. Observers are told of the campaigns whose schedule another
  // zone moves. NOT_FOUND.
  virtual absl::StatusOr<domain::Account> UpdateAccount(const domain::Account& account) = 0;

  // `key.id` is assigned. NOT_FOUND for its account.
  virtual absl::StatusOr<domain::ApiKey> CreateApiKey(const domain::ApiKey& key) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<domain::ApiKey> GetApiKey(int64_t api_key_id) = 0;
  // Kept in memory: cheap on every request. Revoked and expired keys are answered too. NOT_FOUND.
  virtual absl::StatusOr<domain::ApiKey> FindApiKey(const std::string& secret_hash) = 0;
  // The same without blocking; nothing where it would have to be read.
  virtual std::optional<domain::ApiKey> FindApiKeyInMemory(const std::string& secret_hash) = 0;
  // By ascending id.
  virtual absl::StatusOr<std::vector<domain::ApiKey>> ListApiKeys(int64_t account_id,
                                                                  bool with_revoked, Page page) = 0;
  // Keeps the first revocation's time on a repeat. NOT_FOUND.
  virtual absl::StatusOr<domain::ApiKey> RevokeApiKey(int64_t api_key_id, absl::Time now) = 0;

  // Made at the account's creation. Kept in memory. NOT_FOUND for the account.
  virtual absl::StatusOr<domain::WebhookSecrets> GetWebhookSecrets(int64_t account_id) = 0;
  virtual absl::Status SetWebhookSecrets(int64_t account_id,
                                         const domain::WebhookSecrets& secrets) = 0;

  // A secret of the installation, made of 32 random bytes when first asked for and kept for good
  // ("reference").
  virtual absl::StatusOr<std::string> GetOrCreateSecret(const std::string& name) = 0;
};

}  // namespace campaigner::storage

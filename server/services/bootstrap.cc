#include "server/services/bootstrap.h"

#include "server/base/status_macros.h"
#include "server/services/secrets.h"

namespace campaigner::services {
namespace {

// The operator's account is the first there is.
absl::StatusOr<domain::Account> FindOrCreateOperator(storage::AccountStore& store,
                                                     const std::string& default_region,
                                                     absl::Time now) {
  ASSIGN_OR_RETURN(auto accounts, store.ListAccounts({.after_id = 0, .size = 1}));
  if (!accounts.empty()) return std::move(accounts[0]);
  domain::Account account;
  account.display_name = "default";
  account.default_region = default_region;
  account.time_zone = "UTC";
  account.is_operator = true;
  return store.CreateAccount(account, "", now);
}

}  // namespace

absl::StatusOr<std::string> Bootstrap(storage::AccountStore& store,
                                      const std::string& default_region, absl::Time now) {
  ASSIGN_OR_RETURN(const domain::Account account, FindOrCreateOperator(store, default_region, now));
  ASSIGN_OR_RETURN(const auto keys, store.ListApiKeys(account.id, /*with_revoked=*/true,
                                                      {.after_id = 0, .size = 1}));
  if (!keys.empty()) return "";
  ASSIGN_OR_RETURN(std::string secret, MakeKeySecret());
  domain::ApiKey key;
  key.account_id = account.id;
  key.display_name = "first admin key";
  key.scope = domain::Scope::kAdmin;
  key.create_time = now;
  SetSecret(secret, key);
  RETURN_IF_ERROR(store.CreateApiKey(key).status());
  return secret;
}

}  // namespace campaigner::services

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/services/accounts.h"
#include "server/services/convert/account.h"
#include "server/services/paging.h"
#include "server/services/secrets.h"

namespace campaigner::services {
namespace {

namespace errors = domain::errors;

// The account that a request about keys means: its own where it names none.
absl::StatusOr<int64_t> ResolveAccount(const CallContext& call, int64_t account_id) {
  if (account_id == 0) return call.account_id();
  ASSIGN_OR_RETURN(const bool may_see, MaySeeAccount(call, account_id));
  if (!may_see) return errors::AccountNotFound(account_id);
  return account_id;
}

absl::StatusOr<domain::ApiKey> FindKey(const CallContext& call, int64_t api_key_id) {
  Violations violations;
  violations.CheckId("api_key_id", api_key_id);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(domain::ApiKey key, call.env.store.GetApiKey(api_key_id));
  ASSIGN_OR_RETURN(const bool may_see, MaySeeAccount(call, key.account_id));
  if (!may_see) return errors::ApiKeyNotFound(api_key_id);
  return key;
}

}  // namespace

absl::Status CreateApiKey(const CallContext& call, const v1::CreateApiKeyRequest& request,
                          v1::CreateApiKeyResponse* response) {
  Violations violations;
  domain::ApiKey key = ApiKeyFromProto(request.api_key(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(key.account_id, ResolveAccount(call, request.account_id()));

  ASSIGN_OR_RETURN(const std::string secret, MakeKeySecret());
  SetSecret(secret, key);
  key.create_time = call.now();
  ASSIGN_OR_RETURN(const domain::ApiKey created, call.env.store.CreateApiKey(key));
  ApiKeyToProto(created, response->mutable_api_key());
  response->set_secret(secret);
  return absl::OkStatus();
}

absl::Status GetApiKey(const CallContext& call, const v1::GetApiKeyRequest& request,
                       v1::ApiKey* response) {
  ASSIGN_OR_RETURN(const domain::ApiKey key, FindKey(call, request.api_key_id()));
  ApiKeyToProto(key, response);
  return absl::OkStatus();
}

absl::Status ListApiKeys(const CallContext& call, const v1::ListApiKeysRequest& request,
                         v1::ListApiKeysResponse* response) {
  Violations violations;
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const int64_t account_id, ResolveAccount(call, request.account_id()));
  ASSIGN_OR_RETURN(auto keys,
                   call.env.store.ListApiKeys(account_id, request.show_revoked(),
                                              {.after_id = page.after_id, .size = page.size + 1}));
  const int64_t next = CutPage(page, keys);
  for (const domain::ApiKey& key : keys) ApiKeyToProto(key, response->add_api_keys());
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(), next));
  return absl::OkStatus();
}

absl::Status RevokeApiKey(const CallContext& call, const v1::RevokeApiKeyRequest& request,
                          v1::ApiKey* response) {
  RETURN_IF_ERROR(FindKey(call, request.api_key_id()).status());
  ASSIGN_OR_RETURN(const domain::ApiKey revoked,
                   call.env.store.RevokeApiKey(request.api_key_id(), call.now()));
  ApiKeyToProto(revoked, response);
  return absl::OkStatus();
}

}  // namespace campaigner::services

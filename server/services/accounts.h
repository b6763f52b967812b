#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/account_service.pb.h"
#include "server/services/environment.h"

// The AccountService's handlers. They block. Errors beyond those that the .proto names are the
// store's.
namespace campaigner::services {

absl::Status CreateAccount(const CallContext& call, const v1::CreateAccountRequest& request,
                           v1::Account* response);
absl::Status GetAccount(const CallContext& call, const v1::GetAccountRequest& request,
                        v1::Account* response);
absl::Status ListAccounts(const CallContext& call, const v1::ListAccountsRequest& request,
                          v1::ListAccountsResponse* response);
absl::Status UpdateAccount(const CallContext& call, const v1::UpdateAccountRequest& request,
                           v1::Account* response);

absl::Status CreateApiKey(const CallContext& call, const v1::CreateApiKeyRequest& request,
                          v1::CreateApiKeyResponse* response);
absl::Status GetApiKey(const CallContext& call, const v1::GetApiKeyRequest& request,
                       v1::ApiKey* response);
absl::Status ListApiKeys(const CallContext& call, const v1::ListApiKeysRequest& request,
                         v1::ListApiKeysResponse* response);
absl::Status RevokeApiKey(const CallContext& call, const v1::RevokeApiKeyRequest& request,
                          v1::ApiKey* response);

// Whether the caller may see and manage this account: its own; every one for the admin keys of the
// operator's.
absl::StatusOr<bool> MaySeeAccount(const CallContext& call, int64_t account_id);
// Whether the caller's key is an admin key of the operator's account.
absl::StatusOr<bool> IsOperatorAdmin(const CallContext& call);

}  // namespace campaigner::services

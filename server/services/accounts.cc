#include "server/services/accounts.h"

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"
#include "server/domain/errors/resources.h"
#include "server/services/convert/account.h"
#include "server/services/convert/field_mask.h"
#include "server/services/paging.h"
#include "server/services/request_id.h"

namespace campaigner::services {

namespace errors = domain::errors;

absl::StatusOr<bool> IsOperatorAdmin(const CallContext& call) {
  if (call.caller.key.scope != domain::Scope::kAdmin) return false;
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  return account->is_operator;
}

absl::StatusOr<bool> MaySeeAccount(const CallContext& call, int64_t account_id) {
  if (account_id == call.account_id()) return true;
  return IsOperatorAdmin(call);
}

absl::Status CreateAccount(const CallContext& call, const v1::CreateAccountRequest& request,
                           v1::Account* response) {
  ASSIGN_OR_RETURN(const bool may_create, IsOperatorAdmin(call));
  if (!may_create) return errors::ScopeMissing("ADMIN of the operator's account");

  Violations violations;
  CheckRequestId(request.request_id(), violations);
  const domain::Account account =
      AccountFromProto(request.account(), call.env.default_region, call.env.phones, violations);
  RETURN_IF_ERROR(violations.ToStatus());

  ASSIGN_OR_RETURN(const domain::Account created,
                   call.env.store.CreateAccount(account, request.request_id(), call.now()));
  AccountToProto(created, response);
  return absl::OkStatus();
}

absl::Status GetAccount(const CallContext& call, const v1::GetAccountRequest& request,
                        v1::Account* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const bool may_see, MaySeeAccount(call, request.account_id()));
  if (!may_see) return errors::AccountNotFound(request.account_id());
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(request.account_id()));
  AccountToProto(*account, response);
  return absl::OkStatus();
}

absl::Status ListAccounts(const CallContext& call, const v1::ListAccountsRequest& request,
                          v1::ListAccountsResponse* response) {
  Violations violations;
  ASSIGN_OR_RETURN(storage::Page page, ReadPage(call, request, violations));
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const bool sees_all, IsOperatorAdmin(call));
  if (!sees_all) {
    ASSIGN_OR_RETURN(const auto own, call.env.accounts.Get(call.account_id()));
    AccountToProto(*own, response->add_accounts());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(auto accounts,
                   call.env.store.ListAccounts({.after_id = page.after_id, .size = page.size + 1}));
  const int64_t next = CutPage(page, accounts);
  for (const domain::Account& account : accounts) {
    AccountToProto(account, response->add_accounts());
  }
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(), next));
  return absl::OkStatus();
}

absl::Status UpdateAccount(const CallContext& call, const v1::UpdateAccountRequest& request,
                           v1::Account* response) {
  const int64_t account_id = request.account().id();
  Violations violations;
  violations.CheckId("account.id", account_id);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const bool may_see, MaySeeAccount(call, account_id));
  if (!may_see) return errors::AccountNotFound(account_id);
  ASSIGN_OR_RETURN(const auto fields,
                   ResolveMask(request.update_mask(), request.account(),
                               {"display_name", "default_region", "time_zone", "rate_limit",
                                "rate_period", "rate_counts_segments"}));

  ASSIGN_OR_RETURN(const domain::Account present, call.env.store.GetAccount(account_id));
  v1::Account merged;
  AccountToProto(present, &merged);
  CopyFields(request.account(), fields, &merged);
  const auto changes = [&](std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  // Who takes the rate away need not know what else it had.
  if (merged.rate_limit() == 0) {
    if (!changes("rate_period")) merged.clear_rate_period();
    if (!changes("rate_counts_segments")) merged.clear_rate_counts_segments();
  }
  domain::Account changed =
      AccountFromProto(merged, call.env.default_region, call.env.phones, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  changed.id = account_id;
  if (changed.rate != present.rate) {
    ASSIGN_OR_RETURN(const bool is_operator, IsOperatorAdmin(call));
    if (!is_operator) return errors::ScopeMissing("ADMIN of the operator's account");
  }

  const absl::StatusOr<domain::Account> updated = call.env.store.UpdateAccount(changed);
  call.env.accounts.Forget(account_id);
  RETURN_IF_ERROR(updated.status());
  AccountToProto(*updated, response);
  return absl::OkStatus();
}

}  // namespace campaigner::services

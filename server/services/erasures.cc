#include "server/services/erasures.h"

#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/address.h"
#include "server/services/convert/violations.h"
#include "server/services/operations.h"

namespace campaigner::services {

absl::Status EraseRecipient(const CallContext& call, const v1::EraseRecipientRequest& request,
                            v1::Operation* response) {
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  Violations violations;
  storage::NewOperation operation;
  auto address =
      domain::NormalizeAddress(request.recipient(), account->default_region, call.env.phones);
  if (address.ok()) {
    operation.checkpoint = *std::move(address);
  } else {
    violations.Add("recipient", address.status());
  }
  RETURN_IF_ERROR(violations.ToStatus());
  operation.account_id = call.account_id();
  operation.kind = domain::OperationKind::kErase;
  ASSIGN_OR_RETURN(const domain::Operation made,
                   call.env.store.CreateOperation(operation, call.now()));
  return FillOperation(call.env, made, response);
}

}  // namespace campaigner::services

#include "server/services/operations.h"

#include "server/base/status_macros.h"
#include "server/rpc/status.h"
#include "server/services/campaigns.h"
#include "server/services/convert/operation.h"
#include "server/services/paging.h"

namespace campaigner::services {

absl::Status FillOperation(const Environment& env, const domain::Operation& operation,
                           v1::Operation* proto) {
  OperationToProto(operation, env.operation_rates.UnitsPerSecond(operation.id), proto);
  if (const absl::Status error = env.operation_runner.PassingError(operation.id); !error.ok()) {
    *proto->mutable_delay() = rpc::ToRpcStatus(error);
  }
  if (operation.kind != domain::OperationKind::kImport) return absl::OkStatus();
  ASSIGN_OR_RETURN(const storage::ImportDetails details, env.store.GetImport(operation.id));
  ImportToProto(operation, details, proto->mutable_import_progress());
  return absl::OkStatus();
}

absl::Status GetOperation(const CallContext& call, const v1::GetOperationRequest& request,
                          v1::Operation* response) {
  Violations violations;
  violations.CheckId("operation_id", request.operation_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const domain::Operation operation,
                   call.env.store.GetOperation(call.account_id(), request.operation_id()));
  return FillOperation(call.env, operation, response);
}

absl::Status ListOperations(const CallContext& call, const v1::ListOperationsRequest& request,
                            v1::ListOperationsResponse* response) {
  Violations violations;
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  if (request.campaign_id() < 0) violations.Add("campaign_id", "must not be negative");
  RETURN_IF_ERROR(violations.ToStatus());
  if (request.campaign_id() != 0) {
    RETURN_IF_ERROR(FindCampaign(call, request.campaign_id()).status());
  }
  ASSIGN_OR_RETURN(auto operations, call.env.store.ListOperations(
                                        call.account_id(), request.campaign_id(),
                                        {.after_id = page.after_id, .size = page.size + 1}));
  const int64_t next = CutPage(page, operations);
  for (const domain::Operation& operation : operations) {
    RETURN_IF_ERROR(FillOperation(call.env, operation, response->add_operations()));
  }
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(), next));
  return absl::OkStatus();
}

absl::Status CancelOperation(const CallContext& call, const v1::CancelOperationRequest& request,
                             v1::Operation* response) {
  Violations violations;
  violations.CheckId("operation_id", request.operation_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(
      const domain::Operation operation,
      call.env.store.CancelOperation(call.account_id(), request.operation_id(), call.now()));
  return FillOperation(call.env, operation, response);
}

}  // namespace campaigner::services

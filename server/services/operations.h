#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/operation_service.pb.h"
#include "server/domain/operation.h"
#include "server/services/environment.h"

namespace campaigner::services {

// OperationService. All block.
absl::Status GetOperation(const CallContext& call, const v1::GetOperationRequest& request,
                          v1::Operation* response);
absl::Status ListOperations(const CallContext& call, const v1::ListOperationsRequest& request,
                            v1::ListOperationsResponse* response);
absl::Status CancelOperation(const CallContext& call, const v1::CancelOperationRequest& request,
                             v1::Operation* response);

// With its rate and what its kind has besides. Blocks on the store.
absl::Status FillOperation(const Environment& env, const domain::Operation& operation,
                           v1::Operation* proto);

}  // namespace campaigner::services

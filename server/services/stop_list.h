#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/stop_list_service.pb.h"
#include "server/services/environment.h"

// The StopListService's handlers. They block. Errors beyond those that the .proto names are the
// store's.
namespace campaigner::services {

absl::Status AddToStopList(const CallContext& call, const v1::AddToStopListRequest& request,
                           v1::AddToStopListResponse* response);
absl::Status RemoveFromStopList(const CallContext& call,
                                const v1::RemoveFromStopListRequest& request,
                                v1::RemoveFromStopListResponse* response);
absl::Status ListStopList(const CallContext& call, const v1::ListStopListRequest& request,
                          v1::ListStopListResponse* response);

}  // namespace campaigner::services

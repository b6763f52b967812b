#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/operation_service.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// WatchOperation: the operation at once, then its latest state whenever it changed and the client
// has taken the one before.
grpc::ServerWriteReactor<v1::Operation>* ServeOperationWatch(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::WatchOperationRequest* request);

}  // namespace campaigner::services

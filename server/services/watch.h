#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/message_service.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// Serves one WatchMessages call; the reactor owns itself. A change that happens while the present
// states are being read may be told twice, never be missed.
grpc::ServerWriteReactor<v1::MessageEvent>* ServeWatch(const Environment& env,
                                                       grpc::CallbackServerContext* context,
                                                       const v1::WatchMessagesRequest* request);

}  // namespace campaigner::services

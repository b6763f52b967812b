#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/message_service.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// Serves one StreamMessages call; the reactor owns itself.
//
// A frame's calls are prepared on the send executor and stored each for itself; answers that come
// while a frame is being written travel in the next one. Nothing more is read while
// limits::kStreamCallsMax calls or limits::kStreamMessagesMax messages are unanswered.
grpc::ServerBidiReactor<v1::StreamMessagesRequest, v1::StreamMessagesResponse>* ServeMessageStream(
    const Environment& env, grpc::CallbackServerContext* context);

}  // namespace campaigner::services

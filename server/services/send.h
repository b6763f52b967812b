#pragma once

#include "absl/time/time.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/rpc/auth.h"
#include "server/rpc/call_runner.h"
#include "server/services/environment.h"

namespace campaigner::services {

// Whether a send is done in some microseconds and reads nothing from the disk, so that it may run
// on gRPC's thread. Does not block.
bool IsQuickSend(const Environment& env, const rpc::Caller& caller,
                 const v1::SendMessagesRequest& request);

// Sends a batch: prepares it, holds it to the key's rate, stores it, and fills in the answer; a
// repeat is answered with what the first stored. Does not block. `request` is used before it
// returns only; `response` must live until `done` is called, once, on any thread.
void Send(const Environment& env, const rpc::Caller& caller, absl::Time arrival,
          const v1::SendMessagesRequest& request, v1::SendMessagesResponse* response,
          rpc::Done done);

}  // namespace campaigner::services

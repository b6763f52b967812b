#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace campaigner::client {

// Asks grpc.health.v1.Health/Check about the whole server. OK if it is SERVING; UNAVAILABLE if it
// says otherwise; else why it could not be asked.
absl::Status AskHealth(const std::shared_ptr<grpc::Channel>& channel, absl::Time deadline);

}  // namespace campaigner::client

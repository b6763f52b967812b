#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/operation.pb.h"
#include "server/services/environment.h"

// The sending again of messages that failed: long work that is begun here. Blocks.
namespace campaigner::services {

absl::Status RetryMessages(const CallContext& call, const v1::RetryMessagesRequest& request,
                           v1::Operation* response);

}  // namespace campaigner::services

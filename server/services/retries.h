#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/message_service.pb.h"
#include "campaigner/v1/operation.pb.h"
#include "server/services/environment.h"

// Long work on messages that exist: handlers that begin it. They block.
namespace campaigner::services {

absl::Status RetryMessages(const CallContext& call, const v1::RetryMessagesRequest& request,
                           v1::Operation* response);
absl::Status EraseRecipient(const CallContext& call, const v1::EraseRecipientRequest& request,
                            v1::Operation* response);

}  // namespace campaigner::services

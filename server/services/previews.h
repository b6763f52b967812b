#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

// What a message will be, before it goes.
namespace campaigner::services {

// Blocks.
absl::Status PreviewMessage(const CallContext& call, const v1::PreviewMessageRequest& request,
                            v1::MessagePreview* response);

}  // namespace campaigner::services

#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

// What a campaign's messages will be, before they go. The handlers block.
namespace campaigner::services {

absl::Status PreviewMessage(const CallContext& call, const v1::PreviewMessageRequest& request,
                            v1::MessagePreview* response);
// Reads all that waits, a few microseconds for each message. RESOURCE_EXHAUSTED while two others
// do, DEADLINE_EXCEEDED after five minutes.
absl::Status EstimateCampaign(const CallContext& call, const v1::EstimateCampaignRequest& request,
                              v1::CampaignEstimate* response);

}  // namespace campaigner::services

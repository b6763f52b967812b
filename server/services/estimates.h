#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

// What all that waits in a campaign will come to.
namespace campaigner::services {

// At once: each may keep one of the threads for calls, and one of the store's readers, busy.
inline constexpr size_t kEstimatesMax = 4;

// Blocks, and for long: it reads every message that waits, a few microseconds for each.
// RESOURCE_EXHAUSTED while another does for the account, or kEstimatesMax do for others;
// DEADLINE_EXCEEDED after five minutes; CANCELLED when its caller is gone.
absl::Status EstimateCampaign(const CallContext& call, const v1::EstimateCampaignRequest& request,
                              v1::CampaignEstimate* response);

}  // namespace campaigner::services

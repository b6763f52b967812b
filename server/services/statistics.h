#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

// The CampaignService's handlers that answer figures. They block. Errors as in campaigns.h.
namespace campaigner::services {

absl::Status GetCampaignStatistics(const CallContext& call,
                                   const v1::GetCampaignStatisticsRequest& request,
                                   v1::CampaignStatistics* response);
absl::Status GetCampaignTimeSeries(const CallContext& call,
                                   const v1::GetCampaignTimeSeriesRequest& request,
                                   v1::CampaignTimeSeries* response);

}  // namespace campaigner::services

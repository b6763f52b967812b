#pragma once

#include <google/protobuf/empty.pb.h>

#include "absl/status/status.h"
#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

// The CampaignService's handlers. They block. Errors beyond those that the .proto names are the
// store's; NOT_FOUND also for another account's campaign.
namespace campaigner::services {

absl::Status CreateCampaign(const CallContext& call, const v1::CreateCampaignRequest& request,
                            v1::Campaign* response);
absl::Status GetCampaign(const CallContext& call, const v1::GetCampaignRequest& request,
                         v1::Campaign* response);
absl::Status ListCampaigns(const CallContext& call, const v1::ListCampaignsRequest& request,
                           v1::ListCampaignsResponse* response);
absl::Status UpdateCampaign(const CallContext& call, const v1::UpdateCampaignRequest& request,
                            v1::Campaign* response);
absl::Status DeleteCampaign(const CallContext& call, const v1::DeleteCampaignRequest& request,
                            google::protobuf::Empty* response);
absl::Status StartCampaign(const CallContext& call, const v1::StartCampaignRequest& request,
                           v1::Campaign* response);
absl::Status PauseCampaign(const CallContext& call, const v1::PauseCampaignRequest& request,
                           v1::Campaign* response);
absl::Status ResumeCampaign(const CallContext& call, const v1::ResumeCampaignRequest& request,
                            v1::Campaign* response);
absl::Status CancelCampaign(const CallContext& call, const v1::CancelCampaignRequest& request,
                            v1::Campaign* response);
absl::Status CopyCampaign(const CallContext& call, const v1::CopyCampaignRequest& request,
                          v1::Campaign* response);

// The caller's campaign. INVALID_ARGUMENT for an id that is none; NOT_FOUND also for another
// account's.
absl::StatusOr<std::shared_ptr<const domain::Campaign>> FindCampaign(const CallContext& call,
                                                                     int64_t campaign_id);

}  // namespace campaigner::services

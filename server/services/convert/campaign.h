#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaigner/v1/campaign.pb.h"
#include "server/dispatch/outlook.h"
#include "server/domain/campaign.h"
#include "server/services/convert/violations.h"
#include "server/storage/campaign_store.h"

namespace campaigner::services {

// The fields of v1.Campaign that callers set.
const std::vector<std::string_view>& ChangeableCampaignFields();

void CampaignToProto(const domain::Campaign& campaign, v1::Campaign* proto);

// Every changeable field, absent ones as their defaults; the rest stays as in a new campaign.
// Violations name "campaign.order" and so on.
domain::Campaign CampaignFromProto(const v1::Campaign& proto, Violations& violations);

void OutlookToProto(const dispatch::Outlook& outlook, v1::SendOutlook* proto);

void StatisticsToProto(int64_t campaign_id, const std::vector<storage::CampaignCounter>& counters,
                       const std::string& currency, v1::CampaignStatistics* proto);

}  // namespace campaigner::services

#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "campaigner/v1/campaign.pb.h"
#include "server/dispatch/outlook.h"
#include "server/domain/campaign.h"
#include "server/storage/store.h"

namespace campaigner::services {

// When the campaign will next send, and why it does not send now. Blocks. Errors are the store's.
absl::Status FindOutlook(const domain::Campaign& campaign, storage::Store& store,
                         const dispatch::OutlookBoard& board, absl::Time now,
                         v1::SendOutlook* outlook);

}  // namespace campaigner::services

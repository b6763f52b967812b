#pragma once

#include "absl/status/status.h"
#include "server/domain/campaign.h"
#include "server/services/convert/violations.h"
#include "server/services/environment.h"

// What a campaign's own values do not tell: whether it fits the server, the account and the time.
namespace campaigner::services {

// Whether any route carries its channel.
void CheckChannel(const CallContext& call, const domain::Campaign& campaign,
                  Violations& violations);

// Whoever types a private address learns it now and not from a failed delivery.
void CheckWebhookAddress(const CallContext& call, const domain::Campaign& campaign,
                         Violations& violations);

// Whether its keys are the account's. Blocks; an error only where that cannot be read.
absl::Status CheckKeys(const CallContext& call, const domain::Campaign& campaign,
                       Violations& violations);

// Whether its finish lies ahead.
void CheckFinishTime(const domain::Campaign& campaign, absl::Time now, Violations& violations);

// FAILED_PRECONDITION (CAMPAIGN_NOT_READY, template): it is about to begin or go on, and messages
// wait for a text that it does not have. A look at the first of them: what is overlooked is refused
// when its turn comes. Blocks.
absl::Status CheckHasTemplate(const CallContext& call, const domain::Campaign& campaign);

}  // namespace campaigner::services

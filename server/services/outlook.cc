#include "server/services/outlook.h"

#include <optional>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/dispatch/campaign_book.h"
#include "server/services/convert/campaign.h"

namespace campaigner::services {

absl::Status FindOutlook(const domain::Campaign& campaign, storage::Store& store,
                         const dispatch::OutlookBoard& board, absl::Time now,
                         v1::SendOutlook* outlook) {
  // Time may have made another of it since that was last written down.
  domain::Campaign present = campaign;
  present.state = domain::AfterTime(campaign, now);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, dispatch::CampaignZone(campaign, store));
  std::vector<storage::CampaignCounter> counters;
  std::optional<dispatch::SendHint> hint;
  std::optional<storage::WaitingMessages> waiting;
  if (present.state == domain::CampaignState::kRunning) {
    auto counted = store.GetCampaignCounters(campaign.id);
    // Deleted by somebody else in this moment: what was read is answered all the same.
    if (counted.ok()) counters = *std::move(counted);
    hint = board.Find(campaign.id, now);
    if (!hint.has_value()) {
      ASSIGN_OR_RETURN(waiting, store.PeekWaiting(campaign.id));
    }
  }
  OutlookToProto(dispatch::MakeOutlook({present, zone, counters, hint, waiting}, now), outlook);
  return absl::OkStatus();
}

}  // namespace campaigner::services

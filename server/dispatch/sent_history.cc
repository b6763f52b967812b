#include "server/dispatch/sent_history.h"

#include <algorithm>
#include <limits>
#include <map>

#include "server/base/limits.h"
#include "server/base/status_macros.h"

namespace campaigner::dispatch {
namespace {

constexpr absl::Duration kMinute = absl::Minutes(1);
// kClaimAgeMax, and more: a round of the loop may begin just before a claim is too old, and last.
constexpr absl::Duration kLatest = absl::Seconds(15);
// A clock that was set back may have left minutes that lie ahead.
constexpr absl::Duration kAhead = absl::Hours(24);

// By minute.
using Units = std::map<absl::Time, int64_t>;

absl::Status AddCampaign(storage::CampaignStore& store, int64_t campaign_id,
                         const domain::Rate& rate, absl::Time now, Units& units) {
  const absl::Time begin = now - rate.period - kLatest - kMinute;
  const auto rows = store.GetCampaignSeries(campaign_id, begin, now + kAhead,
                                            std::numeric_limits<int32_t>::max());
  // Deleted meanwhile: its messages were final, and are forgotten.
  if (absl::IsNotFound(rows.status())) return absl::OkStatus();
  RETURN_IF_ERROR(rows.status());
  for (const storage::SeriesRow& row : *rows) {
    if (row.state != domain::MessageState::kSending) continue;
    // A message has a segment, whatever was counted.
    units[row.minute] += rate.unit == domain::RateUnit::kSegments
                             ? std::max(row.segments, row.messages)
                             : row.messages;
  }
  return absl::OkStatus();
}

std::vector<Went> ToHistory(const Units& units, absl::Time now) {
  std::vector<Went> history;
  for (const auto& [minute, count] : units) {
    history.push_back({std::min(minute + kMinute + kLatest, now), count});
  }
  return history;
}

}  // namespace

absl::StatusOr<std::vector<Went>> CampaignHistory(storage::CampaignStore& store,
                                                  int64_t campaign_id, const domain::Rate& rate,
                                                  absl::Time now) {
  Units units;
  RETURN_IF_ERROR(AddCampaign(store, campaign_id, rate, now, units));
  return ToHistory(units, now);
}

absl::StatusOr<std::vector<Went>> AccountHistory(storage::CampaignStore& store, int64_t account_id,
                                                 const domain::Rate& rate, absl::Time now) {
  Units units;
  storage::Page page{.size = base::limits::kMaintenanceRowsMax};
  while (true) {
    ASSIGN_OR_RETURN(const auto campaigns, store.ListCampaigns(account_id, {}, page));
    for (const domain::Campaign& campaign : campaigns) {
      RETURN_IF_ERROR(AddCampaign(store, campaign.id, rate, now, units));
    }
    if (campaigns.size() < static_cast<size_t>(page.size)) return ToHistory(units, now);
    page.after_id = campaigns.back().id;
  }
}

}  // namespace campaigner::dispatch

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/rate_gate.h"
#include "server/domain/rate.h"
#include "server/storage/store.h"

// What went out lately, as the store remembers it: by this process or by those before it. What was
// claimed in a minute counts as gone at the latest moment at which it can have gone. All block.
namespace campaigner::dispatch {

// What was claimed goes out within this time, or is given back.
inline constexpr absl::Duration kClaimAgeMax = absl::Seconds(10);

// What a campaign sent within the rate's last period, in the rate's units. The store's errors.
absl::StatusOr<std::vector<Went>> CampaignHistory(storage::CampaignStore& store,
                                                  int64_t campaign_id, const domain::Rate& rate,
                                                  absl::Time now);

// What all campaigns of an account sent. A read for each of them.
absl::StatusOr<std::vector<Went>> AccountHistory(storage::CampaignStore& store, int64_t account_id,
                                                 const domain::Rate& rate, absl::Time now);

}  // namespace campaigner::dispatch

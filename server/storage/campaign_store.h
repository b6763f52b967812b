#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"
#include "server/storage/account_store.h"

namespace campaigner::storage {

struct CampaignCounter {
  domain::MessageState state = domain::MessageState::kAccepted;
  int64_t messages = 0;
  int64_t segments = 0;
  // Millionths. What ended before any provider had it costs nothing.
  int64_t cost_micros = 0;
};

// What came into a state within a minute.
struct SeriesRow {
  absl::Time minute;
  domain::MessageState state = domain::MessageState::kAccepted;
  int64_t messages = 0;
  int64_t segments = 0;
};

// Campaigns, their routes and their counters. Functions block unless they say otherwise.
class CampaignStore {
 public:
  virtual ~CampaignStore() = default;

  // id, template_version, revision and times are assigned. A repeat with the same `request_id`
  // (account-wide, within limits::kIdempotencyWindow) answers the first's campaign.
  virtual absl::StatusOr<domain::Campaign> CreateCampaign(const domain::Campaign& campaign,
                                                          const std::string& request_id,
                                                          absl::Time now) = 0;

  // Kept in memory (the latest committed version): cheap on every request. NOT_FOUND. The caller
  // checks the account.
  virtual absl::StatusOr<std::shared_ptr<const domain::Campaign>> GetCampaign(
      int64_t campaign_id) = 0;
  // Whether GetCampaign would not have to read. Does not block.
  virtual bool IsCampaignInMemory(int64_t campaign_id) = 0;

  // By descending id; `states` empty: all.
  virtual absl::StatusOr<std::vector<domain::Campaign>> ListCampaigns(
      int64_t account_id, const std::vector<domain::CampaignState>& states, Page page) = 0;

  // Reads, changes and writes in one transaction. `change` gets the present campaign and changes it
  // in place; what it returns as an error is answered, and nothing changes. A changed template_text
  // gets a new template_version. Keeps the open clock (see SetCampaignOpen): a campaign that leaves
  // RUNNING is closed at `now`. NOT_FOUND also where `account_id` is not the campaign's; 0 skips
  // that check.
  virtual absl::StatusOr<domain::Campaign> ChangeCampaign(
      int64_t account_id, int64_t campaign_id, absl::Time now,
      const std::function<absl::Status(domain::Campaign&)>& change) = 0;

  // Only the campaign's row, templates and counters; its messages are erased by Prune.
  // FAILED_PRECONDITION while messages are not final. NOT_FOUND also where `account_id` is not the
  // campaign's.
  virtual absl::Status DeleteCampaign(int64_t account_id, int64_t campaign_id) = 0;

  // O(1). NOT_FOUND.
  virtual absl::StatusOr<std::vector<CampaignCounter>> GetCampaignCounters(int64_t campaign_id) = 0;

  // What came into each state from `begin` (included) to `end` (excluded), both full minutes: by
  // ascending minute and state. At most `limit` rows, and then the rest of their last minute. Kept
  // as long as messages are.
  virtual absl::StatusOr<std::vector<SeriesRow>> GetCampaignSeries(int64_t campaign_id,
                                                                   absl::Time begin, absl::Time end,
                                                                   int32_t limit) = 0;

  // Campaigns that time or dispatch may still change: DEFERRED, RUNNING, PAUSED, SENT. By ascending
  // id.
  virtual absl::StatusOr<std::vector<domain::Campaign>> ListActiveCampaigns(Page page) = 0;

  // The campaign's open clock runs while messages may go out (RUNNING and the schedule open); the
  // Sending Timeout is measured by it. Repeating the present state changes nothing.
  virtual absl::Status SetCampaignOpen(int64_t campaign_id, bool is_open, absl::Time now) = 0;
  // What the open clock shows at `now`. NOT_FOUND.
  virtual absl::StatusOr<absl::Duration> GetOpenTime(int64_t campaign_id, absl::Time now) = 0;

  // The text of a version. Kept in memory. NOT_FOUND.
  virtual absl::StatusOr<std::shared_ptr<const std::string>> GetTemplate(int64_t campaign_id,
                                                                         int32_t version) = 0;

  // The stable number of a route's name, made when first asked for. Kept in memory.
  virtual absl::StatusOr<int64_t> InternRoute(const std::string& name) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<std::string> GetRouteName(int64_t route_id) = 0;
};

}  // namespace campaigner::storage

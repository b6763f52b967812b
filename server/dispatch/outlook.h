#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/base/thread_annotations.h"
#include "server/domain/campaign.h"
#include "server/storage/campaign_store.h"
#include "server/storage/dispatch_store.h"

// When a campaign will next send, and why it does not send now.
namespace campaigner::dispatch {

// Numbers are those of campaigner.v1.SendOutlook.Hold.
enum class Hold : uint8_t {
  kNone = 0,
  kNotStarted = 1,
  kBeforeStartTime = 2,
  kHeldByPause = 3,
  kScheduleClosed = 4,
  kRecipientsQuiet = 5,
  kRateReached = 6,
  kNothingWaiting = 7,
  kNotDue = 8,
  kProviderAway = 9,
  kProviderThrottles = 10,
  kWaitingForTurn = 11,
  kCampaignOver = 12,
  kStorageUnavailable = 13,
};

// What the dispatch loop knows of the ready messages of a campaign.
struct SendHint {
  // kNone, kRateReached, kProviderAway, kProviderThrottles, kWaitingForTurn or kStorageUnavailable.
  Hold hold = Hold::kNone;
  // When that ends; in the past: not known, or it sends.
  absl::Time until = absl::InfinitePast();
};

// Where the dispatch loop leaves its hints, a few times a second. Campaigns without ready messages
// are not on it. Thread-safe.
class OutlookBoard {
 public:
  using Hints = absl::flat_hash_map<int64_t, SendHint>;

  // Takes the place of what was there.
  void Publish(Hints hints, absl::Time now) EXCLUDES(mutex_);
  // A hint that it sends holds for a moment only: a loop that sleeps sends nothing.
  std::optional<SendHint> Find(int64_t campaign_id, absl::Time now) const EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;
  Hints hints_ GUARDED_BY(mutex_);
  absl::Time publish_time_ GUARDED_BY(mutex_) = absl::InfinitePast();
};

// Of several lanes of a campaign the one that holds it up least speaks for it.
void Merge(const SendHint& lane, std::optional<SendHint>& campaign);

struct Outlook {
  Hold hold = Hold::kNone;
  // Now, where it sends; nullopt: never, or not before somebody acts.
  std::optional<absl::Time> next_send_time;
  // For people.
  std::string explanation;
};

// What is known of a campaign, its state being what time makes of it. `zone` is the one in which
// its schedule is read.
struct OutlookFacts {
  const domain::Campaign& campaign;
  absl::TimeZone zone;
  const std::vector<storage::CampaignCounter>& counters;
  std::optional<SendHint> hint;
  std::optional<storage::WaitingMessages> waiting;
};
Outlook MakeOutlook(const OutlookFacts& facts, absl::Time now);

}  // namespace campaigner::dispatch

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/thread_annotations.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"
#include "server/storage/store.h"

// What a simulated world remembers of what it asked of the server: checked against what came of it.
namespace campaigner::simulation {

struct SentMessage {
  int64_t id = 0;
  int64_t campaign_id = 0;
  size_t route = 0;
  std::string recipient;
  // Empty: the campaign's template of the moment, with `fields`.
  std::string text;
  domain::Fields fields;
  std::string external_id;
  absl::Time accept_time;
  std::optional<absl::Time> schedule_time;
};

struct MadeCampaign {
  int64_t id = 0;
  std::string webhook_url;
  int32_t message_attempts = 0;
  absl::Duration sending_timeout;
  // By the time from which each holds; a limit of 0: none.
  std::vector<std::pair<absl::Time, domain::Rate>> rates;
  // It runs from its making on: no rate, times, schedule or quiet hours, never paused or edited.
  bool is_plain = false;
  int32_t order = 0;
};

struct History {
  std::map<int64_t, SentMessage> messages;
  std::map<int64_t, MadeCampaign> campaigns;
  // Of all campaigns together.
  domain::Rate account_rate;
  // Oldest first.
  std::vector<absl::Time> crashes;
  std::vector<std::string> violations;

  // Between the two, the ends included.
  bool HasCrashed(absl::Time begin, absl::Time end) const {
    const auto first = std::lower_bound(crashes.begin(), crashes.end(), begin);
    return first != crashes.end() && *first <= end;
  }
  void Violated(std::string what) {
    // The first few tell the story.
    if (violations.size() < 20) violations.push_back(std::move(what));
  }
};

// Follows every change of state: each goes on from where the last one ended, and only forward.
class StateWatch final : public storage::StoreObserver {
 public:
  explicit StateWatch(History& history) : history_(history) {}

  bool WantsMessageChanges() override { return true; }
  void OnMessagesChanged(const std::vector<storage::MessageChange>& changes) override
      EXCLUDES(mutex_);
  // The state after the last change.
  domain::MessageState StateOf(int64_t message_id) const EXCLUDES(mutex_);

 private:
  // The world's thread looks at violations only while the store is at rest.
  History& history_;
  mutable base::Mutex mutex_;
  std::map<int64_t, domain::MessageState> states_ GUARDED_BY(mutex_);
};

}  // namespace campaigner::simulation

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/dispatch/rate_gate.h"
#include "server/domain/campaign.h"
#include "server/domain/quiet_hours.h"
#include "server/storage/store.h"

namespace campaigner::dispatch {

// The zone in which a campaign's schedule is read: its own, else its account's, else UTC. Blocks on
// a read where the campaign names none.
absl::StatusOr<absl::TimeZone> CampaignZone(const domain::Campaign& campaign,
                                            storage::AccountStore& store);

// An account as dispatch sees it.
struct AccountRun {
  // Its rate is read again so often: a change takes effect within this time.
  static constexpr absl::Duration kReread = absl::Seconds(2);

  int64_t id = 0;
  // Set where the account has a rate.
  std::optional<RateGate> gate = std::nullopt;
  absl::Time read_time = absl::InfinitePast();
  // Messages that its lanes hold, by their order; counted anew before each claim, where it has a
  // rate.
  std::map<int64_t, int> held;

  // Those of lanes that are as important or more.
  int HeldUpTo(int64_t order_key) const;
};

// What the quiet hours say about the recipients of one zone set.
struct QuietRest {
  domain::QuietSpan span;
  // While it is quiet: when a message may go, schedule and quiet hours both. nullopt: not within
  // days.
  std::optional<absl::Time> next;
};

// A campaign as dispatch sees it.
struct CampaignRun {
  std::shared_ptr<const domain::Campaign> campaign;
  absl::TimeZone zone;
  // It is no longer in the store. Stays for those who still hold it, closed.
  bool is_deleted = false;
  // Whether messages may go, until recheck_time.
  bool is_open = false;
  absl::Time recheck_time = absl::InfinitePast();
  // Set where the campaign has a rate.
  std::optional<RateGate> gate;
  // Not owned; stays as long as the book.
  AccountRun* account = nullptr;
  // The text of one template version: nearly all messages of a campaign share it.
  int32_t template_version = -1;
  std::shared_ptr<const std::string> template_text;
  // Where it has quiet hours: what holds for recipients, by their zone set.
  std::unordered_map<int, QuietRest> quiet;
  // What the open clock showed at open_time_at.
  absl::Duration open_time;
  absl::Time open_time_at = absl::InfinitePast();

  // Whether messages may go at `now`, as far as the campaign's life and schedule decide it.
  bool MayGo(absl::Time now) const { return is_open && now < recheck_time; }
  // Smaller goes first.
  int64_t order_key() const;
};

// The campaigns that dispatch has to do with. Reads through the store, which keeps campaigns in
// memory. Not thread-safe.
class CampaignBook {
 public:
  explicit CampaignBook(storage::Store& store) : store_(store) {}

  // Null where the campaign cannot be read (the store is away, or it was deleted before). Valid
  // until Prune.
  CampaignRun* Get(int64_t campaign_id, absl::Time now);

  // Reads it again, e.g. because it changed. Null as above.
  CampaignRun* Refresh(int64_t campaign_id, absl::Time now);

  // Looks at those whose schedule or life may have changed by `now`; calls `changed` for each whose
  // is_open did.
  void RecheckDue(absl::Time now, const std::function<void(int64_t, CampaignRun&)>& changed);
  // When RecheckDue next has something to do.
  absl::Time next_recheck() const { return next_recheck_; }

  // What the campaign's open clock shows.
  absl::Duration OpenTime(CampaignRun& run, absl::Time now);

  // Whether the recipient must not be disturbed now, by the campaign's quiet hours; null: it may.
  // Valid until the next call.
  static const QuietRest* Quiet(CampaignRun& run, const std::string& recipient, absl::Time now);

  // Reads the account's rate again, if that was long ago.
  void RefreshAccount(AccountRun& account, absl::Time now);
  // By id.
  std::unordered_map<int64_t, AccountRun>& accounts() { return accounts_; }

  // The text of a version; 0 is the present one. Null when it cannot be read.
  std::shared_ptr<const std::string> Template(CampaignRun& run, int32_t version);

  // Forgets campaigns that do not run, or are deleted, and for which `is_used` is false.
  void Prune(const std::function<bool(int64_t)>& is_used);

 private:
  void Recheck(CampaignRun& run, absl::Time now);
  void Close(int64_t campaign_id);

  storage::Store& store_;
  std::unordered_map<int64_t, CampaignRun> runs_;
  std::unordered_map<int64_t, AccountRun> accounts_;
  absl::Time next_recheck_ = absl::InfiniteFuture();
};

}  // namespace campaigner::dispatch

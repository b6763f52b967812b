#include "server/dispatch/campaign_keeper.h"

#include <algorithm>
#include <utility>

#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/dispatch/campaign_book.h"

namespace campaigner::dispatch {
namespace {

constexpr int32_t kRowsMax = base::limits::kMaintenanceRowsMax;
constexpr absl::Duration kFailedPause = absl::Seconds(1);

using domain::CampaignState;
using domain::MessageState;
using domain::StateReason;

}  // namespace

absl::Status CampaignKeeper::Load() {
  storage::Page page{.size = kRowsMax};
  while (true) {
    ASSIGN_OR_RETURN(const auto campaigns, store_.ListActiveCampaigns(page));
    for (const domain::Campaign& campaign : campaigns) OnChanged(campaign.id);
    if (campaigns.size() < static_cast<size_t>(kRowsMax)) break;
    page.after_id = campaigns.back().id;
  }
  return LoadCancelled();
}

absl::Status CampaignKeeper::LoadCancelled() {
  storage::Page page{.size = kRowsMax};
  while (true) {
    ASSIGN_OR_RETURN(const auto accounts, store_.ListAccounts(page));
    for (const domain::Account& account : accounts) RETURN_IF_ERROR(LoadCancelled(account.id));
    if (accounts.size() < static_cast<size_t>(kRowsMax)) return absl::OkStatus();
    page.after_id = accounts.back().id;
  }
}

absl::Status CampaignKeeper::LoadCancelled(int64_t account_id) {
  storage::Page page{.size = kRowsMax};
  while (true) {
    ASSIGN_OR_RETURN(const auto campaigns,
                     store_.ListCampaigns(account_id, {CampaignState::kCancelled}, page));
    for (const domain::Campaign& campaign : campaigns) OnChanged(campaign.id);
    if (campaigns.size() < static_cast<size_t>(kRowsMax)) return absl::OkStatus();
    page.after_id = campaigns.back().id;
  }
}

absl::Time CampaignKeeper::Step(absl::Time now) {
  absl::Time next = absl::InfiniteFuture();
  for (auto entry = campaigns_.begin(); entry != campaigns_.end();) {
    Kept& kept = entry->second;
    if (kept.due <= now) {
      const absl::StatusOr<absl::Time> due = Look(entry->first, kept, now);
      if (!due.ok() && !kept.is_failing) {
        base::LogError("campaign_not_kept",
                       {{"campaign_id", entry->first}, {"status", due.status().ToString()}});
      }
      kept.is_failing = !due.ok();
      kept.due = due.ok() ? *due : now + kFailedPause;
    }
    next = std::min(next, kept.due);
    entry = kept.due == absl::InfiniteFuture() ? campaigns_.erase(entry) : std::next(entry);
  }
  return next;
}

absl::StatusOr<absl::Time> CampaignKeeper::Look(int64_t campaign_id, Kept& kept, absl::Time now) {
  auto found = store_.GetCampaign(campaign_id);
  if (absl::IsNotFound(found.status())) return absl::InfiniteFuture();
  if (!found.ok()) return found.status();
  domain::Campaign campaign = **found;
  if (domain::AfterTime(campaign, now) != campaign.state) {
    // Read before the transaction, which must not read.
    ASSIGN_OR_RETURN(const absl::Duration open_time, store_.GetOpenTime(campaign_id, now));
    const bool has_begun = open_time > absl::ZeroDuration();
    auto changed = store_.ChangeCampaign(0, campaign_id, now, [&](auto& present) {
      present.state = domain::AfterTime(present, now, has_begun);
      return absl::OkStatus();
    });
    // An import still clears it: it begins after that.
    if (absl::IsFailedPrecondition(changed.status())) return now + kFailedPause;
    ASSIGN_OR_RETURN(campaign, std::move(changed));
    kept.is_told = false;
  }
  switch (campaign.state) {
    case CampaignState::kRunning: return KeepRunning(campaign, kept, now);
    case CampaignState::kDeferred:
    case CampaignState::kPaused: return domain::NextStateChange(campaign, now);
    case CampaignState::kSent: return Finish(campaign, now);
    case CampaignState::kCancelled: return Cancel(campaign, now);
    case CampaignState::kNew:
    case CampaignState::kDone: return absl::InfiniteFuture();
  }
  return absl::InfiniteFuture();
}

absl::StatusOr<absl::Time> CampaignKeeper::KeepRunning(const domain::Campaign& campaign, Kept& kept,
                                                       absl::Time now) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, CampaignZone(campaign, store_));
  const bool is_open = domain::IsOpen(campaign, zone, now);
  if (!kept.is_told || kept.is_open != is_open) {
    RETURN_IF_ERROR(store_.SetCampaignOpen(campaign.id, is_open, now));
    kept.is_told = true;
    kept.is_open = is_open;
    kept.expire_due = now;
  }
  if (is_open && kept.expire_due <= now) {
    ASSIGN_OR_RETURN(kept.expire_due, ExpireReady(campaign, now));
  }
  ASSIGN_OR_RETURN(const bool is_sent, FinishIfSent(campaign, now));
  if (is_sent) return now;
  const absl::Time poll =
      campaign.finish_when_sent ? now + options_.poll_interval : absl::InfiniteFuture();
  return std::min({domain::NextStateChange(campaign, now),
                   domain::NextScheduleChange(campaign, zone, now),
                   is_open ? kept.expire_due : absl::InfiniteFuture(), poll});
}

absl::StatusOr<bool> CampaignKeeper::FinishIfSent(const domain::Campaign& campaign,
                                                  absl::Time now) {
  if (!campaign.finish_when_sent) return false;
  // Reading first: the writer has other things to do than to look every second.
  ASSIGN_OR_RETURN(const OpenMessages open, CountOpen(campaign.id));
  if (open.accepted + open.sending > 0 || open.ever == 0) return false;
  return store_.FinishIfSent(campaign.id, now);
}

absl::StatusOr<absl::Time> CampaignKeeper::ExpireReady(const domain::Campaign& campaign,
                                                       absl::Time now) {
  ASSIGN_OR_RETURN(const absl::Duration open_time, store_.GetOpenTime(campaign.id, now));
  const absl::Duration eligible_before = open_time - campaign.sending_timeout;
  // Nothing can have waited so long yet.
  if (eligible_before < absl::ZeroDuration()) {
    return now + std::max(-eligible_before, options_.sweep_interval);
  }
  ASSIGN_OR_RETURN(const storage::StepResult step,
                   store_.ExpireReady(campaign.id, eligible_before, now, kRowsMax));
  return step.more ? now : now + options_.sweep_interval;
}

absl::StatusOr<absl::Time> CampaignKeeper::Finish(const domain::Campaign& campaign,
                                                  absl::Time now) {
  ASSIGN_OR_RETURN(OpenMessages open, CountOpen(campaign.id));
  if (open.accepted > 0) {
    ASSIGN_OR_RETURN(const storage::StepResult step,
                     store_.EndWaiting(campaign.id, MessageState::kExpired,
                                       StateReason::kCampaignFinished, now, kRowsMax));
    if (step.more) return now;
    ASSIGN_OR_RETURN(open, CountOpen(campaign.id));
  }
  if (open.all == 0) {
    ASSIGN_OR_RETURN(const bool is_done, store_.FinishIfDone(campaign.id, now));
    if (is_done) return absl::InfiniteFuture();
  }
  return now + options_.poll_interval;
}

absl::StatusOr<absl::Time> CampaignKeeper::Cancel(const domain::Campaign& campaign,
                                                  absl::Time now) {
  ASSIGN_OR_RETURN(OpenMessages open, CountOpen(campaign.id));
  if (open.accepted > 0) {
    ASSIGN_OR_RETURN(const storage::StepResult step,
                     store_.EndWaiting(campaign.id, MessageState::kCancelled,
                                       StateReason::kCancelledByCaller, now, kRowsMax));
    if (step.more) return now;
    ASSIGN_OR_RETURN(open, CountOpen(campaign.id));
  }
  // What is with a provider may yet come back for another attempt.
  const bool is_ended = open.accepted + open.sending == 0;
  return is_ended ? absl::InfiniteFuture() : now + options_.poll_interval;
}

absl::StatusOr<CampaignKeeper::OpenMessages> CampaignKeeper::CountOpen(int64_t campaign_id) {
  ASSIGN_OR_RETURN(const auto counters, store_.GetCampaignCounters(campaign_id));
  OpenMessages open;
  for (const storage::CampaignCounter& counter : counters) {
    open.ever += counter.messages;
    if (domain::IsFinal(counter.state)) continue;
    open.all += counter.messages;
    if (counter.state == MessageState::kAccepted) open.accepted += counter.messages;
    if (counter.state == MessageState::kSending) open.sending += counter.messages;
  }
  return open;
}

}  // namespace campaigner::dispatch

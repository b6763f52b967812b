#include "server/dispatch/campaign_book.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/base/log.h"
#include "server/base/status_macros.h"

namespace campaigner::dispatch {
namespace {

// Units that one campaign may send at a time, where it has a rate: documented with the rate.
constexpr int64_t kPacket = 10;
// The open clock moves with time while the campaign is open; read it again so often.
constexpr absl::Duration kOpenTimeKept = absl::Seconds(1);

bool MayGo(const CampaignRun& run, absl::Time now) {
  // The finish takes effect at its moment, not when somebody wrote it down.
  return domain::AfterTime(*run.campaign, now) == domain::CampaignState::kRunning &&
         run.campaign->state == domain::CampaignState::kRunning &&
         domain::IsOpen(*run.campaign, run.zone, now);
}

}  // namespace

absl::StatusOr<absl::TimeZone> CampaignZone(const domain::Campaign& campaign,
                                            storage::AccountStore& store) {
  std::string name = campaign.time_zone;
  if (name.empty() && campaign.schedule.has_value()) {
    ASSIGN_OR_RETURN(const domain::Account account, store.GetAccount(campaign.account_id));
    name = account.time_zone;
  }
  absl::TimeZone zone = absl::UTCTimeZone();
  if (!name.empty() && !absl::LoadTimeZone(name, &zone)) {
    base::LogError("time_zone_unknown", {{"campaign_id", campaign.id}, {"time_zone", name}});
  }
  return zone;
}

int64_t CampaignRun::order_key() const {
  return campaign->order > 0 ? campaign->order : std::numeric_limits<int64_t>::max();
}

CampaignRun* CampaignBook::Get(int64_t campaign_id, absl::Time now) {
  const auto found = runs_.find(campaign_id);
  return found != runs_.end() ? &found->second : Refresh(campaign_id, now);
}

CampaignRun* CampaignBook::Refresh(int64_t campaign_id, absl::Time now) {
  auto campaign = store_.GetCampaign(campaign_id);
  if (absl::IsNotFound(campaign.status())) Close(campaign_id);
  if (!campaign.ok()) return nullptr;
  const auto zone = CampaignZone(**campaign, store_);
  if (!zone.ok()) return nullptr;
  const auto [entry, is_new] = runs_.try_emplace(campaign_id);
  CampaignRun& run = entry->second;
  const bool same_rate = !is_new && run.campaign->rate == (*campaign)->rate;
  run.campaign = *std::move(campaign);
  run.zone = *zone;
  run.open_time_at = absl::InfinitePast();
  if (!same_rate) {
    run.limiter.reset();
    const domain::Rate& rate = run.campaign->rate;
    if (rate.limit > 0 && rate.period > absl::ZeroDuration()) {
      run.limiter.emplace(rate.limit, rate.period, kPacket, now);
    }
  }
  Recheck(run, now);
  return &run;
}

// Lanes hold the run until they are dropped; Prune takes it after them.
void CampaignBook::Close(int64_t campaign_id) {
  const auto found = runs_.find(campaign_id);
  if (found == runs_.end()) return;
  found->second.is_deleted = true;
  found->second.is_open = false;
  found->second.recheck_time = absl::InfiniteFuture();
}

void CampaignBook::Recheck(CampaignRun& run, absl::Time now) {
  const bool was_open = run.is_open;
  run.is_open = MayGo(run, now);
  if (run.is_open != was_open) run.open_time_at = absl::InfinitePast();
  run.recheck_time = absl::InfiniteFuture();
  if (run.campaign->state == domain::CampaignState::kRunning) {
    run.recheck_time = std::min(domain::NextStateChange(*run.campaign, now),
                                domain::NextScheduleChange(*run.campaign, run.zone, now));
    // The finish has passed and is only waiting to be written down.
    if (run.recheck_time <= now) run.recheck_time = absl::InfiniteFuture();
  }
  next_recheck_ = std::min(next_recheck_, run.recheck_time);
}

void CampaignBook::RecheckDue(absl::Time now,
                              const std::function<void(int64_t, CampaignRun&)>& changed) {
  if (now < next_recheck_) return;
  next_recheck_ = absl::InfiniteFuture();
  for (auto& [id, run] : runs_) {
    if (run.recheck_time > now) {
      next_recheck_ = std::min(next_recheck_, run.recheck_time);
      continue;
    }
    const bool was_open = run.is_open;
    Recheck(run, now);
    if (run.is_open != was_open) changed(id, run);
  }
}

absl::Duration CampaignBook::OpenTime(CampaignRun& run, absl::Time now) {
  if (now - run.open_time_at >= kOpenTimeKept) {
    const auto open_time = store_.GetOpenTime(run.campaign->id, now);
    // Unreadable for the moment: the last reading is too young, so nothing expires too early.
    if (!open_time.ok()) return run.open_time;
    run.open_time = *open_time;
    run.open_time_at = now;
  }
  return run.is_open ? run.open_time + (now - run.open_time_at) : run.open_time;
}

std::shared_ptr<const std::string> CampaignBook::Template(CampaignRun& run, int32_t version) {
  if (run.template_text != nullptr && run.template_version == version) return run.template_text;
  auto text = store_.GetTemplate(run.campaign->id, version);
  if (!text.ok()) return nullptr;
  run.template_version = version;
  run.template_text = *std::move(text);
  return run.template_text;
}

void CampaignBook::Prune(const std::function<bool(int64_t)>& is_used) {
  std::erase_if(runs_, [&](const auto& entry) {
    const CampaignRun& run = entry.second;
    const bool is_over = run.is_deleted || run.campaign->state != domain::CampaignState::kRunning;
    return is_over && !is_used(entry.first);
  });
}

}  // namespace campaigner::dispatch

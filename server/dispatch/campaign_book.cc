#include "server/dispatch/campaign_book.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/dispatch/sent_history.h"
#include "server/domain/recipient_zone.h"

namespace campaigner::dispatch {
namespace {

// The open clock moves with time while the campaign is open; read it again so often.
constexpr absl::Duration kOpenTimeKept = absl::Seconds(1);

bool HasRate(const domain::Rate& rate) {
  return rate.limit > 0 && rate.period > absl::ZeroDuration();
}

// A gate for `rate`, if it is one. `read_history` is called where what went is not known.
using ReadHistory = absl::FunctionRef<absl::StatusOr<std::vector<Went>>()>;
void SetGate(const domain::Rate& rate, ReadHistory read_history, absl::Time now,
             std::optional<RateGate>& gate) {
  if (!HasRate(rate)) return gate.reset();
  if (gate.has_value() && gate->CanBecome(rate)) return gate->Change(rate, now);
  const auto history = read_history();
  if (history.ok()) {
    gate.emplace(rate, *history);
  } else {
    base::LogWarning("history_not_read", {{"status", history.status().ToString()}});
    gate.emplace(rate, now);
  }
}

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
  if (name.empty() && (campaign.schedule.has_value() || campaign.quiet_hours.has_value())) {
    ASSIGN_OR_RETURN(const domain::Account account, store.GetAccount(campaign.account_id));
    name = account.time_zone;
  }
  absl::TimeZone zone = absl::UTCTimeZone();
  if (!name.empty() && !absl::LoadTimeZone(name, &zone)) {
    base::LogError("time_zone_unknown", {{"campaign_id", campaign.id}, {"time_zone", name}});
  }
  return zone;
}

int AccountRun::HeldUpTo(int64_t order_key) const {
  int messages = 0;
  for (auto entry = held.begin(); entry != held.upper_bound(order_key); ++entry) {
    messages += entry->second;
  }
  return messages;
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
  run.campaign = *std::move(campaign);
  run.zone = *zone;
  run.open_time_at = absl::InfinitePast();
  run.quiet.clear();
  if (is_new) {
    run.account = &accounts_[run.campaign->account_id];
    run.account->id = run.campaign->account_id;
  }
  RefreshAccount(*run.account, now);
  const domain::Rate& rate = run.campaign->rate;
  SetGate(
      rate, [&] { return CampaignHistory(store_, campaign_id, rate, now); }, now, run.gate);
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

void CampaignBook::RefreshAccount(AccountRun& account, absl::Time now) {
  if (now >= account.read_time && now - account.read_time < AccountRun::kReread) return;
  const auto read = store_.GetAccount(account.id);
  // Unreadable for the moment: what was read last holds on.
  if (!read.ok()) return;
  account.read_time = now;
  SetGate(
      read->rate, [&] { return AccountHistory(store_, account.id, read->rate, now); }, now,
      account.gate);
}

const QuietRest* CampaignBook::Quiet(CampaignRun& run, const std::string& recipient,
                                     absl::Time now) {
  const domain::Campaign& campaign = *run.campaign;
  if (!campaign.quiet_hours.has_value()) return nullptr;
  const int zone_set = domain::RecipientZoneSet(recipient);
  const auto [entry, is_new] = run.quiet.try_emplace(zone_set);
  QuietRest& rest = entry->second;
  if (is_new || now < rest.span.since || now >= rest.span.until) {
    const std::vector<absl::TimeZone> zones = domain::ZonesOfSet(zone_set);
    rest.span = domain::QuietAt(*campaign.quiet_hours, zones, run.zone, now);
    if (rest.span.is_quiet) rest.next = domain::NextMoment(campaign, zones, run.zone, now);
  }
  return rest.span.is_quiet ? &rest : nullptr;
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
  if (version == 0) return {run.campaign, &run.campaign->template_text};
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

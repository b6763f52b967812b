#include "server/services/progress_hub.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/base/status_macros.h"
#include "server/services/convert/campaign.h"
#include "server/services/convert/time.h"
#include "server/services/outlook.h"

namespace campaigner::services {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(500);
// What "lately" is: long enough to be steady, short enough to follow.
constexpr absl::Duration kRateWindow = absl::Seconds(5);

int64_t CountWaiting(const v1::CampaignStatistics& statistics) {
  for (const auto& state : statistics.states()) {
    if (state.state() == domain::StateName(domain::MessageState::kAccepted)) {
      return state.messages();
    }
  }
  return 0;
}

bool IsOver(const v1::CampaignProgress& progress) {
  const bool has_ended =
      progress.state() == v1::Campaign::DONE || progress.state() == v1::Campaign::CANCELLED;
  return has_ended && progress.statistics().pending_messages() == 0;
}

// What must change for watchers to be told.
std::string Figures(v1::CampaignProgress progress) {
  // Where it sends, the next time is always now.
  if (progress.outlook().hold() == v1::SendOutlook::HOLD_UNSPECIFIED) {
    progress.mutable_outlook()->clear_next_send_time();
  }
  return progress.SerializeAsString();
}

}  // namespace

ProgressHub::~ProgressHub() { Stop(); }

void ProgressHub::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ProgressHub::Stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  wake_.Notify();
  thread_.join();
}

bool ProgressHub::Add(std::shared_ptr<ProgressWatcher> watcher, int64_t account_id,
                      int64_t campaign_id) {
  {
    base::MutexLock lock(mutex_);
    if (!places_.TryTake(account_id)) return false;
    Watched& watched = campaigns_[campaign_id];
    watched.new_watchers.push_back(watcher);
    watched.watchers.push_back(std::move(watcher));
  }
  wake_.Notify();
  return true;
}

void ProgressHub::Remove(const std::shared_ptr<ProgressWatcher>& watcher, int64_t account_id,
                         int64_t campaign_id) {
  base::MutexLock lock(mutex_);
  const auto found = campaigns_.find(campaign_id);
  if (found == campaigns_.end()) return;
  if (std::erase(found->second.watchers, watcher) > 0) places_.Give(account_id);
  std::erase(found->second.new_watchers, watcher);
  if (found->second.watchers.empty()) campaigns_.erase(found);
}

std::vector<int64_t> ProgressHub::WatchedCampaigns() {
  base::MutexLock lock(mutex_);
  std::vector<int64_t> ids;
  for (const auto& [id, watched] : campaigns_) ids.push_back(id);
  return ids;
}

void ProgressHub::Run() {
  while (!is_stopping_) {
    const absl::Time now = clock_.Now();
    const std::vector<int64_t> ids = WatchedCampaigns();
    for (const int64_t id : ids) Look(id, now);
    clock_.SleepUntil(wake_, ids.empty() ? absl::InfiniteFuture() : now + kPause);
  }
}

absl::StatusOr<v1::CampaignProgress> ProgressHub::Read(int64_t campaign_id, absl::Time now) {
  v1::CampaignProgress progress;
  // The state first: figures that are read after its end are the last ones.
  ASSIGN_OR_RETURN(const auto campaign, store_.GetCampaign(campaign_id));
  ASSIGN_OR_RETURN(const auto counters, store_.GetCampaignCounters(campaign_id));
  progress.set_state(static_cast<v1::Campaign::State>(campaign->state));
  StatisticsToProto(campaign_id, counters, currency_, progress.mutable_statistics());
  RETURN_IF_ERROR(FindOutlook(*campaign, store_, outlook_, now, progress.mutable_outlook()));
  return progress;
}

void ProgressHub::AddRate(Watched& watched, absl::Time now, v1::CampaignProgress& progress) {
  const int64_t waiting = CountWaiting(progress.statistics());
  const int64_t left = progress.statistics().messages() - waiting;
  std::deque<Sample>& samples = watched.samples;
  samples.push_back({now, left});
  while (samples.size() > 2 && now - samples[1].time >= kRateWindow) samples.pop_front();
  const double seconds = absl::ToDoubleSeconds(now - samples.front().time);
  if (seconds <= 0) return;
  // What is sent again by hand comes back.
  const auto gone = static_cast<double>(std::max<int64_t>(left - samples.front().left, 0));
  const double rate = gone / seconds;
  progress.set_messages_per_second(rate);
  if (rate > 0 && waiting > 0) {
    const double left_seconds = std::ceil(static_cast<double>(waiting) / rate);
    DurationToProto(absl::Seconds(left_seconds), progress.mutable_time_left());
  }
}

void ProgressHub::Look(int64_t campaign_id, absl::Time now) {
  absl::StatusOr<v1::CampaignProgress> progress = Read(campaign_id, now);
  std::vector<std::shared_ptr<ProgressWatcher>> told;
  {
    base::MutexLock lock(mutex_);
    const auto found = campaigns_.find(campaign_id);
    if (found == campaigns_.end()) return;
    Watched& watched = found->second;
    told = std::exchange(watched.new_watchers, {});
    if (progress.ok()) {
      AddRate(watched, now, *progress);
      std::string figures = Figures(*progress);
      if (figures != watched.told) told = watched.watchers;
      watched.told = std::move(figures);
      TimeToProto(now, progress->mutable_time());
    } else {
      told = watched.watchers;
    }
  }
  for (const auto& watcher : told) {
    if (progress.ok()) {
      watcher->OnProgress(*progress, IsOver(*progress));
    } else {
      watcher->OnLost(progress.status());
    }
  }
}

}  // namespace campaigner::services

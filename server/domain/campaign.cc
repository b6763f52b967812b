#include "server/domain/campaign.h"

#include <algorithm>

namespace campaigner::domain {
namespace {

using enum CampaignState;

bool IsPast(const std::optional<absl::Time>& time, absl::Time now) { return time && *time <= now; }

// What time makes of a campaign in `state`.
CampaignState AtTime(CampaignState state, const Campaign& campaign, absl::Time now) {
  if (state == kDeferred && (!campaign.start_time || IsPast(campaign.start_time, now))) {
    state = kRunning;
  }
  const bool is_started = state == kRunning || state == kPaused || state == kDeferred;
  return is_started && IsPast(campaign.finish_time, now) ? kSent : state;
}

bool IgnoresSchedule(const Campaign& campaign) {
  return !campaign.schedule || campaign.start_time || campaign.finish_time;
}

}  // namespace

const char* StateName(CampaignState state) {
  switch (state) {
    case kNew: return "NEW";
    case kDeferred: return "DEFERRED";
    case kRunning: return "RUNNING";
    case kPaused: return "PAUSED";
    case kSent: return "SENT";
    case kDone: return "DONE";
    case kCancelled: return "CANCELLED";
  }
  return "STATE_UNSPECIFIED";
}

std::optional<CampaignState> Apply(CampaignVerb verb, const Campaign& campaign, absl::Time now) {
  const CampaignState state = campaign.state;
  // A campaign that goes on is DEFERRED first; time makes RUNNING or SENT of it at once if due.
  const CampaignState going = AtTime(kDeferred, campaign, now);
  switch (verb) {
    case CampaignVerb::kStart:
      if (state == kNew) return going;
      if (state == kDeferred || state == kRunning) return state;
      return std::nullopt;
    case CampaignVerb::kPause:
      if (state == kDeferred || state == kRunning || state == kPaused) return kPaused;
      return std::nullopt;
    case CampaignVerb::kResume:
      if (state == kPaused) return going;
      if (state == kDeferred || state == kRunning) return state;
      return std::nullopt;
    case CampaignVerb::kCancel:
      if (state == kDone) return std::nullopt;
      return kCancelled;
  }
  return std::nullopt;
}

CampaignState AfterTime(const Campaign& campaign, absl::Time now) {
  return AtTime(campaign.state, campaign, now);
}

absl::Time NextStateChange(const Campaign& campaign, absl::Time now) {
  const absl::Time finish = campaign.finish_time.value_or(absl::InfiniteFuture());
  switch (AfterTime(campaign, now)) {
    case kDeferred: return std::min(*campaign.start_time, finish);
    case kRunning:
    case kPaused: return finish;
    default: return absl::InfiniteFuture();
  }
}

bool AcceptsMessages(CampaignState state) {
  return state == kNew || state == kDeferred || state == kRunning || state == kPaused;
}

bool IsOpen(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now) {
  if (campaign.state != kRunning) return false;
  return IgnoresSchedule(campaign) || IsOpen(*campaign.schedule, zone, now);
}

absl::Time NextScheduleChange(const Campaign& campaign, const absl::TimeZone& zone,
                              absl::Time now) {
  if (IgnoresSchedule(campaign)) return absl::InfiniteFuture();
  return NextChange(*campaign.schedule, zone, now);
}

}  // namespace campaigner::domain

#include "server/domain/campaign.h"

#include <algorithm>

#include "server/domain/errors/resources.h"

namespace campaigner::domain {
namespace {

using enum CampaignState;

bool IsPast(const std::optional<absl::Time>& time, absl::Time now) { return time && *time <= now; }

// What becomes of a campaign that begins to send at `now`. `late_start`: its own, or kSend to send
// in any case.
CampaignState Begin(const Campaign& campaign, LateStart late_start, absl::Time now) {
  const bool is_late =
      campaign.start_time && now > *campaign.start_time + campaign.late_start_after;
  if (!is_late || late_start == LateStart::kSend) return kRunning;
  return late_start == LateStart::kSkip ? kSent : kPaused;
}

// What time makes of a campaign in `state`.
CampaignState AtTime(CampaignState state, const Campaign& campaign, LateStart late_start,
                     absl::Time now) {
  const bool is_before_start = campaign.start_time && !IsPast(campaign.start_time, now);
  if (state == kRunning && is_before_start) {
    state = kDeferred;
  } else if (state == kDeferred && !is_before_start) {
    state = Begin(campaign, late_start, now);
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

std::optional<CampaignState> Apply(CampaignVerb verb, const Campaign& campaign, absl::Time now,
                                   bool has_begun) {
  const CampaignState state = campaign.state;
  // A campaign that goes on is DEFERRED first; time makes another of it at once if due.
  const auto going = [&](LateStart late_start) {
    return AtTime(kDeferred, campaign, late_start, now);
  };
  switch (verb) {
    case CampaignVerb::kStart:
      if (state == kNew) return going(campaign.late_start);
      if (state == kDeferred || state == kRunning) return state;
      return std::nullopt;
    case CampaignVerb::kPause:
      if (state == kDeferred || state == kRunning || state == kPaused) return kPaused;
      return std::nullopt;
    case CampaignVerb::kResume:
      if (state == kPaused) {
        const bool may_skip = campaign.late_start == LateStart::kSkip && !has_begun;
        return going(may_skip ? LateStart::kSkip : LateStart::kSend);
      }
      if (state == kDeferred || state == kRunning) return state;
      return std::nullopt;
    case CampaignVerb::kCancel:
      if (state == kDone) return std::nullopt;
      return kCancelled;
  }
  return std::nullopt;
}

absl::Status CheckRetry(const Campaign& campaign, absl::Time now) {
  if (AcceptsMessages(campaign.state)) return absl::OkStatus();
  const bool has_ended = campaign.state == kSent || campaign.state == kDone;
  if (has_ended && campaign.finish_when_sent && !IsPast(campaign.finish_time, now)) {
    return absl::OkStatus();
  }
  return errors::CampaignStateConflict(campaign.id, campaign.state, "retry");
}

CampaignState AfterTime(const Campaign& campaign, absl::Time now, bool has_begun) {
  return AtTime(campaign.state, campaign, has_begun ? LateStart::kSend : campaign.late_start, now);
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

bool IsScheduleOpen(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now) {
  return IgnoresSchedule(campaign) || IsOpen(*campaign.schedule, zone, now);
}

bool IsOpen(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now) {
  return campaign.state == kRunning && IsScheduleOpen(campaign, zone, now);
}

absl::Time NextScheduleChange(const Campaign& campaign, const absl::TimeZone& zone,
                              absl::Time now) {
  if (IgnoresSchedule(campaign)) return absl::InfiniteFuture();
  return NextChange(*campaign.schedule, zone, now);
}

}  // namespace campaigner::domain

#include "server/dispatch/outlook.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace campaigner::dispatch {
namespace {

using domain::CampaignState;
using domain::MessageState;

constexpr absl::Duration kSendingKept = absl::Seconds(2);

// "Monday 09:00 (Europe/Moscow)"; the date where that is not this week; seconds where it is soon.
std::string Moment(absl::Time time, const absl::TimeZone& zone, absl::Time now) {
  const absl::Duration ahead = time - now;
  const char* const format = ahead < absl::Minutes(10)  ? "%H:%M:%S"
                             : ahead < absl::Hours(144) ? "%A %H:%M"
                                                        : "%Y-%m-%d %H:%M";
  return fmt::format("{} ({})", absl::FormatTime(format, time, zone), zone.name());
}

int64_t CountIn(const OutlookFacts& facts, MessageState state) {
  const auto found = std::find_if(
      facts.counters.begin(), facts.counters.end(),
      [state](const storage::CampaignCounter& counter) { return counter.state == state; });
  return found == facts.counters.end() ? 0 : found->messages;
}

// The first moment from `time` on at which the campaign is open; nullopt: there is none.
std::optional<absl::Time> NextOpen(const OutlookFacts& facts, absl::Time time) {
  const domain::Campaign& campaign = facts.campaign;
  if (!domain::IsOpen(campaign, facts.zone, time)) {
    time = domain::NextScheduleChange(campaign, facts.zone, time);
  }
  const absl::Time finish = campaign.finish_time.value_or(absl::InfiniteFuture());
  if (time >= finish || time == absl::InfiniteFuture()) return std::nullopt;
  return time;
}

Outlook Held(Hold hold, std::string explanation) { return {hold, std::nullopt, explanation}; }

// Held until `time`, or the first open hour after it. `what` goes on with "until ..".
Outlook HeldUntil(const OutlookFacts& facts, Hold hold, absl::Time time, const char* what,
                  absl::Time now) {
  const std::optional<absl::Time> next = NextOpen(facts, std::max(time, now));
  if (!next) return Held(hold, fmt::format("{} until after its finish_time", what));
  return {hold, next, fmt::format("{} until {}", what, Moment(*next, facts.zone, now))};
}

Outlook ByHint(const OutlookFacts& facts, absl::Time now) {
  const SendHint& hint = *facts.hint;
  switch (hint.hold) {
    case Hold::kRateReached:
      return HeldUntil(facts, hint.hold, hint.until,
                       "its rate, or that of its account or route, is reached", now);
    case Hold::kProviderAway:
      if (hint.until <= now) {
        return Held(hint.hold, "its provider does not answer: one message is trying it");
      }
      return HeldUntil(facts, hint.hold, hint.until,
                       "its provider does not answer: not tried again", now);
    case Hold::kProviderThrottles:
      return HeldUntil(facts, hint.hold, hint.until, "its provider asked for a pause", now);
    case Hold::kWaitingForTurn:
      return Held(hint.hold,
                  "waiting for its turn: campaigns that are more important, or its equals, send");
    case Hold::kStorageUnavailable:
      return Held(hint.hold, "the server cannot write to its disk, or not as fast as is needed");
    default: return {Hold::kNone, now, "sending"};
  }
}

Outlook OfRunning(const OutlookFacts& facts, absl::Time now) {
  const int64_t accepted = CountIn(facts, MessageState::kAccepted);
  const int64_t sending = CountIn(facts, MessageState::kSending);
  if (accepted + sending == 0) return Held(Hold::kNothingWaiting, "no message waits");
  if (!domain::IsOpen(facts.campaign, facts.zone, now)) {
    return HeldUntil(facts, Hold::kScheduleClosed, now, "outside its schedule", now);
  }
  if (facts.hint.has_value()) return ByHint(facts, now);
  if (!facts.waiting.has_value() || facts.waiting->next_due <= now || sending > 0) {
    return {Hold::kNone, now, "sending"};
  }
  return facts.waiting->is_quiet
             ? HeldUntil(facts, Hold::kRecipientsQuiet, facts.waiting->next_due,
                         "its recipients are in their quiet hours", now)
             : HeldUntil(facts, Hold::kNotDue, facts.waiting->next_due,
                         "what waits has its next attempt, or its own time, later: not due", now);
}

}  // namespace

void OutlookBoard::Publish(Hints hints, absl::Time now) {
  base::MutexLock lock(mutex_);
  publish_time_ = now;
  hints_.swap(hints);
}

std::optional<SendHint> OutlookBoard::Find(int64_t campaign_id, absl::Time now) const {
  base::MutexLock lock(mutex_);
  const auto found = hints_.find(campaign_id);
  if (found == hints_.end()) return std::nullopt;
  const bool is_stale = found->second.hold == Hold::kNone && now - publish_time_ > kSendingKept;
  return is_stale ? std::nullopt : std::optional(found->second);
}

void Merge(const SendHint& lane, std::optional<SendHint>& campaign) {
  const auto rank = [](const SendHint& hint) {
    const int group = hint.hold == Hold::kNone ? 0 : hint.hold == Hold::kWaitingForTurn ? 1 : 2;
    return std::pair(group, hint.until);
  };
  if (!campaign.has_value() || rank(lane) < rank(*campaign)) campaign = lane;
}

Outlook MakeOutlook(const OutlookFacts& facts, absl::Time now) {
  const domain::Campaign& campaign = facts.campaign;
  switch (campaign.state) {
    case CampaignState::kNew: return Held(Hold::kNotStarted, "not started");
    case CampaignState::kDeferred:
      return {
          Hold::kBeforeStartTime, campaign.start_time,
          fmt::format("before its start_time, {}", Moment(*campaign.start_time, facts.zone, now))};
    case CampaignState::kPaused: return Held(Hold::kHeldByPause, "paused");
    case CampaignState::kRunning: return OfRunning(facts, now);
    case CampaignState::kSent:
    case CampaignState::kDone:
    case CampaignState::kCancelled: break;
  }
  return Held(Hold::kCampaignOver, "over: nothing is sent any more");
}

}  // namespace campaigner::dispatch

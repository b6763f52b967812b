#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "server/dispatch/campaign_book.h"
#include "server/domain/quiet_hours.h"
#include "server/domain/recipient_zone.h"
#include "server/domain/template.h"
#include "tests/simulation/checks.h"

namespace campaigner::simulation {
namespace {

using domain::AttemptOutcome;

// By hand, not as the server does it.
bool IsOpenHour(const domain::Campaign& campaign, const absl::TimeZone& zone, absl::Time now) {
  if (!campaign.schedule.has_value() || campaign.start_time || campaign.finish_time) return true;
  const auto number = [&](const char* format) {
    return std::stoi(absl::FormatTime(format, now, zone));
  };
  // %u: 1 is Monday.
  return campaign.schedule->hours[static_cast<size_t>((number("%u") - 1) * 24 + number("%H"))];
}

bool IsQuietMinute(const domain::QuietHours& quiet, const absl::TimeZone& zone, absl::Time now) {
  const std::string local = absl::FormatTime("%H%M", now, zone);
  const int minute = std::stoi(local.substr(0, 2)) * 60 + std::stoi(local.substr(2));
  const int since_start = (minute - quiet.start_minute + 1440) % 1440;
  return since_start < (quiet.end_minute - quiet.start_minute + 1440) % 1440;
}

void CheckCampaign(const SentMessage& message, storage::Store& store, absl::Time now,
                   History& history) {
  const auto campaign = store.GetCampaign(message.campaign_id);
  if (!campaign.ok()) return history.Violated(fmt::format("{}: campaign not read", message.id));
  const auto zone = dispatch::CampaignZone(**campaign, store);
  if ((*campaign)->state != domain::CampaignState::kRunning) {
    history.Violated(fmt::format("{}: sent while its campaign {} is {}", message.id,
                                 message.campaign_id, domain::StateName((*campaign)->state)));
  } else if ((*campaign)->start_time > now) {
    history.Violated(fmt::format("{}: sent before the start", message.id));
  } else if ((*campaign)->finish_time.value_or(absl::InfiniteFuture()) <= now) {
    history.Violated(fmt::format("{}: sent after the finish", message.id));
  } else if (!zone.ok() || !IsOpenHour(**campaign, *zone, now)) {
    history.Violated(fmt::format("{}: sent outside the schedule", message.id));
  }
}

void CheckQuietHours(const SentMessage& message, storage::Store& store, absl::Time now,
                     History& history) {
  const auto campaign = store.GetCampaign(message.campaign_id);
  if (!campaign.ok() || !(*campaign)->quiet_hours.has_value()) return;
  const auto zone = dispatch::CampaignZone(**campaign, store);
  const domain::QuietHours& quiet = *(*campaign)->quiet_hours;
  const auto zones =
      domain::QuietZones(quiet, domain::RecipientZones(message.recipient), *zone, now);
  if (std::any_of(zones.begin(), zones.end(),
                  [&](const auto& one) { return IsQuietMinute(quiet, one, now); })) {
    history.Violated(fmt::format("{}: {} was disturbed at {}", message.id, message.recipient,
                                 absl::FormatTime(now, *zone)));
  }
}

// What follows its campaign's template has the present one, or that of an earlier attempt.
bool IsTextRight(const providers::Submission& submission, const SentMessage& message,
                 const WorldRoute& route, storage::Store& store) {
  if (!message.text.empty()) return submission.text == message.text;
  const auto handed = route.provider->handings().find(submission.message_id);
  if (handed != route.provider->handings().end() && handed->second.back().text == submission.text) {
    return true;
  }
  const auto campaign = store.GetCampaign(message.campaign_id);
  if (!campaign.ok()) return false;
  const std::string& text = (*campaign)->template_text;
  const bool is_refused = (*campaign)->missing_values == domain::MissingValues::kReject &&
                          !domain::ListMissing(text, message.fields).empty();
  return !is_refused &&
         submission.text == domain::Render(text, message.fields, (*campaign)->missing_values);
}

// Where the campaign's clock ran like everybody's.
void CheckAge(const SentMessage& message, const MadeCampaign& campaign, absl::Time now,
              History& history) {
  if (!campaign.is_plain || history.HasCrashed(message.accept_time, now)) return;
  const absl::Duration age = now - message.schedule_time.value_or(message.accept_time);
  if (age >= campaign.sending_timeout) {
    history.Violated(fmt::format("{}: sent {} after it was due, its Sending Timeout is {}",
                                 message.id, absl::FormatDuration(age),
                                 absl::FormatDuration(campaign.sending_timeout)));
  }
}

// Whether a message may be handed over again after `last`.
bool MayRepeat(const Handing& last, const WorldRoute& route) {
  const bool died_since = last.life != route.provider->life();
  if (last.outcome == AttemptOutcome::kPassingFailure ||
      last.outcome == AttemptOutcome::kThrottled) {
    // It may have been written down in the last moment.
    if (last.is_settled || (last.is_answered && died_since)) return true;
  } else if (last.is_settled) {
    return last.outcome == AttemptOutcome::kUnknown && route.retry_unknown;
  }
  // The answer was lost in a crash: then the server does not know.
  return died_since && route.retry_unknown;
}

void CheckRepeat(const providers::Submission& submission, const WorldRoute& route,
                 const MadeCampaign& campaign, History& history) {
  const auto found = route.provider->handings().find(submission.message_id);
  if (found == route.provider->handings().end()) return;
  const std::vector<Handing>& handings = found->second;
  if (handings.back().reference != submission.reference) {
    history.Violated(fmt::format("{}: another reference", submission.message_id));
  }
  if (!MayRepeat(handings.back(), route)) {
    history.Violated(fmt::format("{}: sent again after outcome {} (settled: {}, life {} of {})",
                                 submission.message_id, static_cast<int>(handings.back().outcome),
                                 handings.back().is_settled, handings.back().life,
                                 route.provider->life()));
  }
  int counted = 1;
  for (const Handing& handing : handings) {
    if (handing.outcome != AttemptOutcome::kThrottled) ++counted;
  }
  if (counted > campaign.message_attempts) {
    history.Violated(fmt::format("{}: {} attempts of {}", submission.message_id, counted,
                                 campaign.message_attempts));
  }
}

}  // namespace

void CheckSubmission(const providers::Submission& submission, const WorldRoute& route,
                     storage::Store& store, const base::Clock& clock, History& history) {
  const auto found = history.messages.find(submission.message_id);
  if (found == history.messages.end()) {
    return history.Violated(fmt::format("{}: sent but never accepted", submission.message_id));
  }
  const SentMessage& message = found->second;
  const absl::Time now = clock.Now();
  if (submission.recipient != message.recipient ||
      !IsTextRight(submission, message, route, store)) {
    history.Violated(fmt::format("{}: \"{}\" to {} instead of \"{}\" to {}", message.id,
                                 submission.text, submission.recipient, message.text,
                                 message.recipient));
  }
  if (message.schedule_time.has_value() && now < *message.schedule_time) {
    history.Violated(fmt::format("{}: sent before its time", message.id));
  }
  CheckCampaign(message, store, now, history);
  CheckQuietHours(message, store, now, history);
  const MadeCampaign& campaign = history.campaigns.at(message.campaign_id);
  CheckAge(message, campaign, now, history);
  CheckRepeat(submission, route, campaign, history);
}

}  // namespace campaigner::simulation

#include "server/services/convert/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "server/base/limits.h"
#include "server/domain/quiet_hours.h"
#include "server/domain/template.h"
#include "server/services/convert/time.h"
#include "server/services/convert/zone.h"
#include "server/webhooks/url.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

constexpr int kHoursPerDay = 24;
constexpr int kDaysPerWeek = 7;
constexpr int kMinutesPerDay = 24 * 60;

void ScheduleToProto(const domain::WeeklySchedule& schedule, v1::WeeklySchedule* proto) {
  for (int day = 0; day < kDaysPerWeek; ++day) {
    v1::WeeklySchedule::Day hours;
    for (int hour = 0; hour < kHoursPerDay; ++hour) {
      if (schedule.hours[static_cast<size_t>(day * kHoursPerDay + hour)]) hours.add_hours(hour);
    }
    if (hours.hours().empty()) continue;
    hours.set_weekday(day + 1);
    *proto->add_days() = std::move(hours);
  }
}

domain::WeeklySchedule ScheduleFromProto(const v1::WeeklySchedule& proto, Violations& violations) {
  domain::WeeklySchedule schedule;
  for (int i = 0; i < proto.days_size(); ++i) {
    const v1::WeeklySchedule::Day& day = proto.days(i);
    if (day.weekday() < 1 || day.weekday() > kDaysPerWeek) {
      violations.Add(fmt::format("campaign.schedule.days[{}].weekday", i),
                     "must be 1 (Monday) to 7 (Sunday)");
      continue;
    }
    for (const int32_t hour : day.hours()) {
      if (hour < 0 || hour >= kHoursPerDay) {
        violations.Add(fmt::format("campaign.schedule.days[{}].hours", i), "must be 0 to 23");
        break;
      }
      schedule.hours.set(static_cast<size_t>((day.weekday() - 1) * kHoursPerDay + hour));
    }
  }
  if (schedule.hours.none() && violations.empty()) {
    violations.Add("campaign.schedule", "opens no hour: nothing would ever be sent");
  }
  return schedule;
}

// An enumerator's domain value; `absent` for 0, and (with a violation) for what is none.
template <typename Domain, typename Proto>
Domain ReadEnum(std::string_view field, Proto value, bool (*is_valid)(int), Domain absent,
                Violations& violations) {
  if (!is_valid(value)) violations.Add(field, "is no value of its enumeration");
  return value == 0 || !is_valid(value) ? absent : static_cast<Domain>(value);
}

void ReadQuietHours(const v1::QuietHours& proto, domain::Campaign& campaign,
                    Violations& violations) {
  domain::QuietHours quiet{proto.start_minute(), proto.end_minute(), proto.fallback_time_zone()};
  violations.CheckRange("campaign.quiet_hours.start_minute", quiet.start_minute, 0,
                        kMinutesPerDay - 1);
  violations.CheckRange("campaign.quiet_hours.end_minute", quiet.end_minute, 0, kMinutesPerDay - 1);
  if (quiet.start_minute == quiet.end_minute) {
    violations.Add("campaign.quiet_hours.end_minute", "must not be start_minute");
  }
  if (!quiet.fallback_zone.empty()) {
    CheckTimeZone("campaign.quiet_hours.fallback_time_zone", quiet.fallback_zone, violations);
  }
  campaign.quiet_hours = std::move(quiet);
}

void ReadContent(const v1::Campaign& proto, domain::Campaign& campaign, Violations& violations) {
  campaign.display_name = proto.display_name();
  violations.CheckRequired("campaign.display_name", campaign.display_name,
                           limits::kDisplayNameCharsMax);
  if (!proto.channel().empty()) campaign.channel = proto.channel();
  violations.CheckText("campaign.channel", campaign.channel, limits::kDisplayNameCharsMax);
  campaign.sender = proto.sender();
  violations.CheckText("campaign.sender", campaign.sender, limits::kSenderCharsMax);
  campaign.template_text = proto.template_();
  if (const absl::Status status = domain::ValidateTemplate(campaign.template_text); !status.ok()) {
    violations.Add("campaign.template", status);
  }
  campaign.missing_values =
      ReadEnum("campaign.missing_values", proto.missing_values(),
               v1::Campaign::MissingValues_IsValid, domain::MissingValues::kRemove, violations);
  campaign.webhook_events =
      ReadEnum("campaign.webhook_events", proto.webhook_events(),
               v1::Campaign::WebhookEvents_IsValid, domain::WebhookEvents::kO3goFinal, violations);
  campaign.webhook_url = proto.webhook_url();
  if (!campaign.webhook_url.empty()) {
    const absl::Status status = webhooks::ValidateWebhookUrl(campaign.webhook_url);
    if (!status.ok()) violations.Add("campaign.webhook_url", status);
  }
  campaign.api_key_ids.assign(proto.api_key_ids().begin(), proto.api_key_ids().end());
  std::sort(campaign.api_key_ids.begin(), campaign.api_key_ids.end());
  campaign.api_key_ids.erase(std::unique(campaign.api_key_ids.begin(), campaign.api_key_ids.end()),
                             campaign.api_key_ids.end());
  if (campaign.api_key_ids.size() > limits::kCampaignKeysMax) {
    violations.Add("campaign.api_key_ids",
                   fmt::format("must be at most {}", limits::kCampaignKeysMax));
  }
}

void ReadPolicy(const v1::Campaign& proto, domain::Campaign& campaign, Violations& violations) {
  campaign.order = proto.order();
  violations.CheckRange("campaign.order", campaign.order, 0, limits::kOrderMax);
  campaign.message_attempts =
      proto.message_attempts() == 0 ? limits::kAttemptsDefault : proto.message_attempts();
  violations.CheckRange("campaign.message_attempts", campaign.message_attempts, 1,
                        limits::kAttemptsMax);
  campaign.sending_timeout =
      ReadDuration("campaign.sending_timeout", proto.has_sending_timeout(), proto.sending_timeout(),
                   limits::kSendingTimeoutDefault, limits::kTimeoutMax, violations);
  campaign.status_timeout =
      ReadDuration("campaign.status_timeout", proto.has_status_timeout(), proto.status_timeout(),
                   limits::kStatusTimeoutDefault, limits::kTimeoutMax, violations);
  campaign.retry_interval =
      ReadDuration("campaign.retry_interval", proto.has_retry_interval(), proto.retry_interval(),
                   limits::kRetryIntervalDefault, limits::kRetryIntervalMax, violations);
  campaign.rate.limit = proto.rate_limit();
  violations.CheckRange("campaign.rate_limit", campaign.rate.limit, 0,
                        std::numeric_limits<int32_t>::max());
  campaign.rate.unit =
      ReadEnum("campaign.rate_unit", proto.rate_unit(), v1::Campaign::RateUnit_IsValid,
               domain::RateUnit::kMessages, violations);
  campaign.rate.period =
      ReadDuration("campaign.rate_period", proto.has_rate_period(), proto.rate_period(),
                   absl::Seconds(1), limits::kTimeoutMax, violations);
}

// A rate of zero is no rate: it has no period and no unit.
void CheckRateIsWhole(const v1::Campaign& proto, Violations& violations) {
  if (proto.rate_limit() != 0) return;
  constexpr std::string_view kReason = "must not be set where rate_limit is 0 or absent";
  if (proto.has_rate_period()) violations.Add("campaign.rate_period", kReason);
  if (proto.rate_unit() != v1::Campaign::RATE_UNIT_UNSPECIFIED) {
    violations.Add("campaign.rate_unit", kReason);
  }
}

// Quiet hours that leave nothing of the schedule. A number may be in any zone, and in some there is
// always an hour left; an e-mail address has the schedule's zone, unless another is its fallback.
void CheckQuietHoursLeaveTime(const domain::Campaign& campaign, Violations& violations) {
  if (campaign.channel != "email" || !campaign.quiet_hours || !campaign.schedule) return;
  if (campaign.start_time || campaign.finish_time) return;  // The schedule is ignored.
  const std::string& fallback = campaign.quiet_hours->fallback_zone;
  if (!fallback.empty() && fallback != campaign.time_zone) return;
  if (domain::LeavesOpenMinute(*campaign.quiet_hours, *campaign.schedule)) return;
  violations.Add("campaign.quiet_hours",
                 "covers all open hours of the schedule: nothing would ever be sent");
}

void ReadTiming(const v1::Campaign& proto, domain::Campaign& campaign, Violations& violations) {
  if (proto.has_start_time()) {
    campaign.start_time = ReadTime("campaign.start_time", proto.start_time(), violations);
  }
  if (proto.has_finish_time()) {
    campaign.finish_time = ReadTime("campaign.finish_time", proto.finish_time(), violations);
  }
  if (campaign.start_time && campaign.finish_time &&
      *campaign.finish_time <= *campaign.start_time) {
    violations.Add("campaign.finish_time", "must be after start_time");
  }
  campaign.late_start =
      ReadEnum("campaign.late_start", proto.late_start(), v1::Campaign::LateStart_IsValid,
               domain::LateStart::kSend, violations);
  campaign.late_start_after = ReadDuration(
      "campaign.late_start_after", proto.has_late_start_after(), proto.late_start_after(),
      limits::kLateStartAfterDefault, limits::kTimeoutMax, violations);
  campaign.finish_when_sent = proto.finish_when_sent();
  if (proto.has_quiet_hours()) ReadQuietHours(proto.quiet_hours(), campaign, violations);
  if (proto.has_schedule()) campaign.schedule = ScheduleFromProto(proto.schedule(), violations);
  campaign.time_zone = proto.time_zone();
  if (!campaign.time_zone.empty()) {
    CheckTimeZone("campaign.time_zone", campaign.time_zone, violations);
  }
}

}  // namespace

const std::vector<std::string_view>& ChangeableCampaignFields() {
  static const auto* const kFields = new std::vector<std::string_view>{
      "display_name",     "channel",        "sender",           "template",
      "webhook_url",      "order",          "message_attempts", "sending_timeout",
      "status_timeout",   "retry_interval", "start_time",       "finish_time",
      "schedule",         "time_zone",      "rate_limit",       "rate_period",
      "api_key_ids",      "missing_values", "quiet_hours",      "late_start",
      "late_start_after", "rate_unit",      "webhook_events",   "finish_when_sent"};
  return *kFields;
}

void CampaignToProto(const domain::Campaign& campaign, v1::Campaign* proto) {
  proto->set_id(campaign.id);
  proto->set_account_id(campaign.account_id);
  proto->set_display_name(campaign.display_name);
  proto->set_channel(campaign.channel);
  proto->set_sender(campaign.sender);
  proto->set_template_(campaign.template_text);
  proto->set_webhook_url(campaign.webhook_url);
  proto->set_order(campaign.order);
  proto->set_message_attempts(campaign.message_attempts);
  DurationToProto(campaign.sending_timeout, proto->mutable_sending_timeout());
  DurationToProto(campaign.status_timeout, proto->mutable_status_timeout());
  DurationToProto(campaign.retry_interval, proto->mutable_retry_interval());
  if (campaign.start_time) TimeToProto(*campaign.start_time, proto->mutable_start_time());
  if (campaign.finish_time) TimeToProto(*campaign.finish_time, proto->mutable_finish_time());
  if (campaign.schedule) ScheduleToProto(*campaign.schedule, proto->mutable_schedule());
  proto->set_time_zone(campaign.time_zone);
  proto->set_rate_limit(campaign.rate.limit);
  if (campaign.rate.limit > 0) {
    DurationToProto(campaign.rate.period, proto->mutable_rate_period());
    proto->set_rate_unit(static_cast<v1::Campaign::RateUnit>(campaign.rate.unit));
  }
  for (const int64_t id : campaign.api_key_ids) proto->add_api_key_ids(id);
  proto->set_missing_values(static_cast<v1::Campaign::MissingValues>(campaign.missing_values));
  if (campaign.quiet_hours) {
    proto->mutable_quiet_hours()->set_start_minute(campaign.quiet_hours->start_minute);
    proto->mutable_quiet_hours()->set_end_minute(campaign.quiet_hours->end_minute);
    proto->mutable_quiet_hours()->set_fallback_time_zone(campaign.quiet_hours->fallback_zone);
  }
  proto->set_late_start(static_cast<v1::Campaign::LateStart>(campaign.late_start));
  DurationToProto(campaign.late_start_after, proto->mutable_late_start_after());
  proto->set_webhook_events(static_cast<v1::Campaign::WebhookEvents>(campaign.webhook_events));
  proto->set_finish_when_sent(campaign.finish_when_sent);
  proto->set_state(static_cast<v1::Campaign::State>(campaign.state));
  TimeToProto(campaign.create_time, proto->mutable_create_time());
  TimeToProto(campaign.update_time, proto->mutable_update_time());
  proto->set_etag(std::to_string(campaign.revision));
}

domain::Campaign CampaignFromProto(const v1::Campaign& proto, Violations& violations) {
  domain::Campaign campaign;
  ReadContent(proto, campaign, violations);
  ReadPolicy(proto, campaign, violations);
  CheckRateIsWhole(proto, violations);
  ReadTiming(proto, campaign, violations);
  CheckQuietHoursLeaveTime(campaign, violations);
  return campaign;
}

void OutlookToProto(const dispatch::Outlook& outlook, v1::SendOutlook* proto) {
  proto->set_hold(static_cast<v1::SendOutlook::Hold>(outlook.hold));
  if (outlook.next_send_time) {
    TimeToProto(*outlook.next_send_time, proto->mutable_next_send_time());
  }
  proto->set_explanation(outlook.explanation);
}

void StatisticsToProto(int64_t campaign_id, const std::vector<storage::CampaignCounter>& counters,
                       const std::string& currency, v1::CampaignStatistics* proto) {
  proto->set_campaign_id(campaign_id);
  proto->set_currency(currency);
  for (const storage::CampaignCounter& counter : counters) {
    if (counter.messages == 0) continue;
    v1::CampaignStatistics::StateCount* state = proto->add_states();
    state->set_state(domain::StateName(counter.state));
    state->set_messages(counter.messages);
    state->set_segments(counter.segments);
    state->set_cost_micros(counter.cost_micros);
    proto->set_cost_micros(proto->cost_micros() + counter.cost_micros);
    proto->set_messages(proto->messages() + counter.messages);
    proto->set_segments(proto->segments() + counter.segments);
    if (!domain::IsFinal(counter.state)) {
      proto->set_pending_messages(proto->pending_messages() + counter.messages);
    } else if (domain::IsDelivered(counter.state)) {
      proto->set_delivered_messages(proto->delivered_messages() + counter.messages);
    } else {
      proto->set_undelivered_messages(proto->undelivered_messages() + counter.messages);
    }
  }
}

}  // namespace campaigner::services

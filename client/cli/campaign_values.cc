#include "client/cli/campaign_values.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "client/cli/parse.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using google::protobuf::FieldMask;

absl::Status SetDuration(const std::optional<std::string>& text, const char* field, FieldMask& mask,
                         google::protobuf::Duration* (v1::Campaign::*get)(),
                         v1::Campaign& campaign) {
  if (!text) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(*text));
  *(campaign.*get)() = ToProto(duration);
  mask.add_paths(field);
  return absl::OkStatus();
}

// An empty text takes the time away.
absl::Status SetTime(const std::optional<std::string>& text, const char* field, absl::Time now,
                     const absl::TimeZone& zone, FieldMask& mask,
                     google::protobuf::Timestamp* (v1::Campaign::*get)(), v1::Campaign& campaign) {
  if (!text) return absl::OkStatus();
  mask.add_paths(field);
  if (text->empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::Time time, ParseTime(*text, now, zone));
  *(campaign.*get)() = ToTimestamp(time);
  return absl::OkStatus();
}

// By the enumerator's name in any case.
template <typename Enum>
absl::Status SetEnum(const std::optional<std::string>& text, const char* option, const char* field,
                     FieldMask& mask, bool (*parse)(google::protobuf::ConstStringParam, Enum*),
                     void (v1::Campaign::*set)(Enum), v1::Campaign& campaign) {
  if (!text) return absl::OkStatus();
  Enum value = {};
  if (!parse(absl::AsciiStrToUpper(*text), &value)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: \"{}\" is none of its values", option, *text));
  }
  (campaign.*set)(value);
  mask.add_paths(field);
  return absl::OkStatus();
}

// The zone alone changes hours that are there.
absl::Status SetQuietHours(const CampaignValues& values, const v1::Campaign& present,
                           FieldMask& mask, v1::Campaign& campaign) {
  if (!values.quiet && !values.quiet_zone) return absl::OkStatus();
  mask.add_paths("quiet_hours");
  if (values.quiet) {
    if (values.quiet->empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*campaign.mutable_quiet_hours(), ParseQuietHours(*values.quiet));
  } else if (present.has_quiet_hours()) {
    *campaign.mutable_quiet_hours() = present.quiet_hours();
    campaign.set_etag(present.etag());
  } else {
    return absl::InvalidArgumentError("--quiet_zone: there are no quiet hours; give --quiet, too");
  }
  if (values.quiet_zone) {
    campaign.mutable_quiet_hours()->set_fallback_time_zone(*values.quiet_zone);
  }
  return absl::OkStatus();
}

void SetPlainValues(const CampaignValues& values, FieldMask& mask, v1::Campaign& campaign) {
  const auto set = [&](const auto& value, const char* field, auto setter) {
    if (!value) return;
    (campaign.*setter)(*value);
    mask.add_paths(field);
  };
  const auto set_text = [&](const std::optional<std::string>& value, const char* field,
                            std::string* (v1::Campaign::*get)()) {
    if (!value) return;
    *(campaign.*get)() = *value;
    mask.add_paths(field);
  };
  set_text(values.name, "display_name", &v1::Campaign::mutable_display_name);
  set_text(values.text_template, "template", &v1::Campaign::mutable_template_);
  set_text(values.webhook, "webhook_url", &v1::Campaign::mutable_webhook_url);
  set_text(values.channel, "channel", &v1::Campaign::mutable_channel);
  set_text(values.sender, "sender", &v1::Campaign::mutable_sender);
  set_text(values.zone, "time_zone", &v1::Campaign::mutable_time_zone);
  set(values.order, "order", &v1::Campaign::set_order);
  set(values.attempts, "message_attempts", &v1::Campaign::set_message_attempts);
  set(values.rate, "rate_limit", &v1::Campaign::set_rate_limit);
  set(values.finish_when_sent, "finish_when_sent", &v1::Campaign::set_finish_when_sent);
  if (values.keys.empty() && !values.any_key) return;
  for (const int64_t key : values.keys) campaign.add_api_key_ids(key);
  mask.add_paths("api_key_ids");
}

}  // namespace

void DefineCampaignValues(CLI::App& command, CampaignValues& values) {
  command.add_option("--name", values.name, "For people");
  command.add_option("--template", values.text_template, "Text with {field_1} and other names");
  command.add_option("--webhook", values.webhook, "URL that delivery statuses are posted to");
  command.add_option("--channel", values.channel, "sms where absent");
  command.add_option("--sender", values.sender, "Sender that the recipient sees");
  command.add_option("--order", values.order, "Priority: 1 is the highest, 0 the lowest");
  command.add_option("--attempts", values.attempts, "Most attempts at one message");
  command.add_option("--sending_timeout", values.sending_timeout, "Longest wait to be sent (24h)");
  command.add_option("--status_timeout", values.status_timeout, "Longest wait for a status (72h)");
  command.add_option("--retry_interval", values.retry_interval, "Pause before attempt 2 (60s)");
  command.add_option(
      "--start", values.start,
      "Nothing is sent before (2026-03-01 10:00, +2h; \"\": at once), in the campaign's "
      "zone, else in this machine's");
  command.add_option("--finish", values.finish, "Nothing is sent after; read like --start");
  command.add_option("--schedule", values.schedule, "Open hours (\"mon-fri 9-18, sat 10-14\")");
  command.add_option("--zone", values.zone,
                     "Time zone of the schedule, and of --start and --finish (Europe/Moscow)");
  command.add_option("--rate", values.rate, "Most messages within a rate period");
  command.add_option("--rate_period", values.rate_period, "1s where absent");
  command.add_option("--rate_unit", values.rate_unit, "messages (default) or segments");
  command.add_option("--missing_values", values.missing_values,
                     "Placeholders without a value: remove (default), keep or reject");
  command.add_option("--quiet", values.quiet,
                     "Quiet hours of recipients (\"21:00-9:00\"; \"\": none)");
  command.add_option("--quiet_zone", values.quiet_zone,
                     "Zone of recipients whose number does not tell one");
  command.add_option("--late_start", values.late_start, "send (default), skip or hold");
  command.add_option("--late_start_after", values.late_start_after, "15m where absent");
  command.add_option("--webhook_events", values.webhook_events, "o3go_final (default) or all");
  command.add_option("--finish_when_sent", values.finish_when_sent,
                     "true: ends by itself when all is sent");
  command.add_option("--send_key", values.keys, "Id of a key that may send into it; repeatable")
      ->allow_extra_args(false);
  command.add_flag("--any_key", values.any_key, "Every key of the account may send into it again")
      ->excludes("--send_key");
}

bool NeedPresentCampaign(const CampaignValues& values) {
  const auto is_time = [](const auto& text) { return text.has_value() && !text->empty(); };
  return ((is_time(values.start) || is_time(values.finish)) && !values.zone.has_value()) ||
         (values.quiet_zone.has_value() && !values.quiet.has_value());
}

absl::StatusOr<FieldMask> ApplyCampaignValues(const CampaignValues& values, absl::Time now,
                                              const absl::TimeZone& local,
                                              const v1::Campaign& present, v1::Campaign& campaign) {
  FieldMask mask;
  const std::string& zone_name = values.zone ? *values.zone : present.time_zone();
  absl::TimeZone zone = local;
  if (!zone_name.empty()) {
    ASSIGN_OR_RETURN(zone, ParseZone(zone_name));
  }
  SetPlainValues(values, mask, campaign);
  RETURN_IF_ERROR(SetDuration(values.sending_timeout, "sending_timeout", mask,
                              &v1::Campaign::mutable_sending_timeout, campaign));
  RETURN_IF_ERROR(SetDuration(values.status_timeout, "status_timeout", mask,
                              &v1::Campaign::mutable_status_timeout, campaign));
  RETURN_IF_ERROR(SetDuration(values.retry_interval, "retry_interval", mask,
                              &v1::Campaign::mutable_retry_interval, campaign));
  RETURN_IF_ERROR(SetDuration(values.rate_period, "rate_period", mask,
                              &v1::Campaign::mutable_rate_period, campaign));
  RETURN_IF_ERROR(SetDuration(values.late_start_after, "late_start_after", mask,
                              &v1::Campaign::mutable_late_start_after, campaign));
  RETURN_IF_ERROR(SetEnum(values.rate_unit, "--rate_unit", "rate_unit", mask,
                          v1::Campaign::RateUnit_Parse, &v1::Campaign::set_rate_unit, campaign));
  RETURN_IF_ERROR(SetEnum(values.missing_values, "--missing_values", "missing_values", mask,
                          v1::Campaign::MissingValues_Parse, &v1::Campaign::set_missing_values,
                          campaign));
  RETURN_IF_ERROR(SetEnum(values.late_start, "--late_start", "late_start", mask,
                          v1::Campaign::LateStart_Parse, &v1::Campaign::set_late_start, campaign));
  RETURN_IF_ERROR(SetEnum(values.webhook_events, "--webhook_events", "webhook_events", mask,
                          v1::Campaign::WebhookEvents_Parse, &v1::Campaign::set_webhook_events,
                          campaign));
  RETURN_IF_ERROR(SetQuietHours(values, present, mask, campaign));
  RETURN_IF_ERROR(SetTime(values.start, "start_time", now, zone, mask,
                          &v1::Campaign::mutable_start_time, campaign));
  RETURN_IF_ERROR(SetTime(values.finish, "finish_time", now, zone, mask,
                          &v1::Campaign::mutable_finish_time, campaign));
  if (values.schedule) {
    mask.add_paths("schedule");
    ASSIGN_OR_RETURN(const v1::WeeklySchedule schedule, ParseSchedule(*values.schedule));
    if (!schedule.days().empty()) *campaign.mutable_schedule() = schedule;
  }
  return mask;
}

}  // namespace campaigner::cli

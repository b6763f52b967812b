#include "server/storage/sqlite/campaign_rows.h"

#include <optional>
#include <string_view>
#include <utility>

#include "server/storage/sqlite/convert.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::Campaign;

constexpr char kGetCampaign[] = "SELECT " CAMPAIGNER_CAMPAIGN_COLUMNS "WHERE c.id = ?1";
constexpr char kGetTemplate[] =
    "SELECT text FROM campaign_template WHERE campaign_id = ?1 AND version = ?2";
constexpr char kInsertCampaign[] =
    "INSERT INTO campaign (account_id, display_name, channel, sender, template_version, "
    "webhook_url, "
    "webhook_endpoint_id, priority, message_attempts, sending_timeout, status_timeout, "
    "retry_interval, start_time, finish_time, schedule, time_zone, rate_limit, rate_period, "
    "api_key_ids, state, create_time, update_time, revision, open_time, open_since, "
    "missing_values, quiet_start_minute, quiet_end_minute, quiet_fallback_zone, late_start, "
    "late_start_after, rate_unit, webhook_events, finish_when_sent) "
    "VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35) "
    "RETURNING id, ?1";
constexpr char kUpdateCampaign[] =
    "UPDATE campaign SET account_id = ?2, display_name = ?3, channel = ?4, sender = ?5, "
    "template_version = ?6, webhook_url = ?7, webhook_endpoint_id = ?8, priority = ?9, "
    "message_attempts = ?10, sending_timeout = ?11, status_timeout = ?12, retry_interval = ?13, "
    "start_time = ?14, finish_time = ?15, schedule = ?16, time_zone = ?17, rate_limit = ?18, "
    "rate_period = ?19, api_key_ids = ?20, state = ?21, create_time = ?22, update_time = ?23, "
    "revision = ?24, open_time = ?25, open_since = ?26, missing_values = ?27, "
    "quiet_start_minute = ?28, quiet_end_minute = ?29, quiet_fallback_zone = ?30, "
    "late_start = ?31, late_start_after = ?32, rate_unit = ?33, webhook_events = ?34, "
    "finish_when_sent = ?35 WHERE id = ?1 RETURNING id";

}  // namespace

CampaignRow ReadCampaign(const Query& query) {
  CampaignRow row;
  Campaign& campaign = row.campaign;
  int column = 0;
  const auto next_int = [&] { return query.Int(column++); };
  const auto next_int32 = [&] { return query.Int32(column++); };
  const auto next_string = [&] { return query.String(column++); };
  const auto next_duration = [&] { return absl::Microseconds(query.Int(column++)); };
  const auto next_optional = [&] { return query.OptionalInt(column++); };
  campaign.id = next_int();
  campaign.account_id = next_int();
  campaign.display_name = next_string();
  campaign.channel = next_string();
  campaign.sender = next_string();
  campaign.template_version = next_int32();
  campaign.webhook_url = next_string();
  row.webhook_endpoint_id = next_optional();
  campaign.order = next_int32();
  campaign.message_attempts = next_int32();
  campaign.sending_timeout = next_duration();
  campaign.status_timeout = next_duration();
  campaign.retry_interval = next_duration();
  campaign.start_time = TimeFrom(next_optional());
  campaign.finish_time = TimeFrom(next_optional());
  if (!query.IsNull(column)) campaign.schedule = ScheduleFromText(query.Text(column));
  ++column;
  campaign.time_zone = next_string();
  campaign.rate.limit = next_int32();
  campaign.rate.period = next_duration();
  campaign.api_key_ids = NumbersFromJson(query.Text(column++));
  campaign.state = static_cast<domain::CampaignState>(next_int());
  campaign.create_time = TimeFrom(next_int());
  campaign.update_time = TimeFrom(next_int());
  campaign.revision = next_int();
  row.open_time = next_duration();
  row.open_since = TimeFrom(next_optional());
  campaign.missing_values = static_cast<domain::MissingValues>(next_int());
  const std::optional<int64_t> quiet_start = next_optional();
  const std::optional<int64_t> quiet_end = next_optional();
  std::string quiet_zone = next_string();
  if (quiet_start && quiet_end) {
    campaign.quiet_hours = {static_cast<int32_t>(*quiet_start), static_cast<int32_t>(*quiet_end),
                            std::move(quiet_zone)};
  }
  campaign.late_start = static_cast<domain::LateStart>(next_int());
  campaign.late_start_after = next_duration();
  campaign.rate.unit = static_cast<domain::RateUnit>(next_int());
  campaign.webhook_events = static_cast<domain::WebhookEvents>(next_int());
  campaign.finish_when_sent = next_int() != 0;
  campaign.template_text = next_string();
  return row;
}

CampaignRowPtr FindCampaignRow(Connection& connection, Caches& caches, int64_t campaign_id) {
  if (auto cached = caches.campaigns.Find(campaign_id)) return *cached;
  const bool may_keep = connection.SeesLatest();
  const uint64_t version = caches.campaigns.Version();
  Query query(connection, kGetCampaign, campaign_id);
  if (!query.Step()) return nullptr;
  auto row = std::make_shared<const CampaignRow>(ReadCampaign(query));
  if (may_keep) caches.campaigns.PutLoaded(campaign_id, row, version);
  return row;
}

std::shared_ptr<const std::string> FindTemplate(Connection& connection, Caches& caches,
                                                int64_t campaign_id, int32_t version) {
  const std::pair<int64_t, int32_t> key(campaign_id, version);
  if (auto cached = caches.templates.Find(key)) return *cached;
  const bool may_keep = connection.SeesLatest();
  const uint64_t cache_version = caches.templates.Version();
  Query query(connection, kGetTemplate, campaign_id, version);
  if (!query.Step()) return nullptr;
  auto text = std::make_shared<const std::string>(query.Text(0));
  if (may_keep) caches.templates.PutLoaded(key, text, cache_version);
  return text;
}

void WriteCampaign(Connection& connection, CampaignRow& row) {
  Campaign& campaign = row.campaign;
  std::optional<std::string> schedule;
  if (campaign.schedule.has_value()) schedule = ScheduleToText(*campaign.schedule);
  const std::string api_key_ids = ToJson(campaign.api_key_ids);
  std::optional<int64_t> quiet_start;
  std::optional<int64_t> quiet_end;
  std::string quiet_zone;
  if (campaign.quiet_hours.has_value()) {
    quiet_start = campaign.quiet_hours->start_minute;
    quiet_end = campaign.quiet_hours->end_minute;
    quiet_zone = campaign.quiet_hours->fallback_zone;
  }
  Query query(connection, campaign.id == 0 ? kInsertCampaign : kUpdateCampaign, campaign.id,
              campaign.account_id, campaign.display_name, campaign.channel, campaign.sender,
              campaign.template_version, campaign.webhook_url, row.webhook_endpoint_id,
              campaign.order, campaign.message_attempts, ToColumn(campaign.sending_timeout),
              ToColumn(campaign.status_timeout), ToColumn(campaign.retry_interval),
              ToColumn(campaign.start_time), ToColumn(campaign.finish_time), schedule,
              campaign.time_zone, campaign.rate.limit, ToColumn(campaign.rate.period), api_key_ids,
              campaign.state, ToColumn(campaign.create_time), ToColumn(campaign.update_time),
              campaign.revision, ToColumn(row.open_time), ToColumn(row.open_since),
              campaign.missing_values, quiet_start, quiet_end, quiet_zone, campaign.late_start,
              ToColumn(campaign.late_start_after), campaign.rate.unit, campaign.webhook_events,
              campaign.finish_when_sent);
  if (query.Step()) campaign.id = query.Int(0);
  while (query.Step()) {
  }
}

}  // namespace campaigner::storage::sqlite

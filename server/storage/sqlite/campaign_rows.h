#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/storage/sqlite/caches.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/effects.h"

// Campaigns, templates and routes between rows and memory. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

#define CAMPAIGNER_CAMPAIGN_COLUMNS                                                                \
  "c.id, c.account_id, c.display_name, c.channel, c.sender, c.template_version, c.webhook_url, "   \
  "c.webhook_endpoint_id, c.priority, c.message_attempts, c.sending_timeout, c.status_timeout, "   \
  "c.retry_interval, c.start_time, c.finish_time, c.schedule, c.time_zone, c.rate_limit, "         \
  "c.rate_period, c.api_key_ids, c.state, c.create_time, c.update_time, c.revision, c.open_time, " \
  "c.open_since, c.missing_values, c.quiet_start_minute, c.quiet_end_minute, "                     \
  "c.quiet_fallback_zone, c.late_start, c.late_start_after, c.rate_unit, c.webhook_events, "       \
  "c.finish_when_sent, t.text FROM campaign c JOIN campaign_template t "                           \
  "ON t.campaign_id = c.id AND t.version = c.template_version "

// From a query that selects CAMPAIGNER_CAMPAIGN_COLUMNS.
CampaignRow ReadCampaign(const Query& query);

// From memory, or read and then kept there. Null when there is none.
CampaignRowPtr FindCampaignRow(Connection& connection, Caches& caches, int64_t campaign_id);
std::shared_ptr<const std::string> FindTemplate(Connection& connection, Caches& caches,
                                                int64_t campaign_id, int32_t version);

// A row whose campaign.id is 0 is inserted and gets its id; any other is replaced.
void WriteCampaign(Connection& connection, CampaignRow& row);

}  // namespace campaigner::storage::sqlite

#include "server/services/campaign_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/webhooks/url.h"

namespace campaigner::services {
namespace {

// A list is imported as a whole: what its first messages need, all need.
constexpr int32_t kMessagesLookedAt = 100;

}  // namespace

void CheckChannel(const CallContext& call, const domain::Campaign& campaign,
                  Violations& violations) {
  const auto& routes = call.env.routes.routes();
  const bool has_route = std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
    return route.options.channel == campaign.channel;
  });
  if (!has_route) violations.Add("campaign.channel", "has no route in the server's configuration");
}

void CheckWebhookAddress(const CallContext& call, const domain::Campaign& campaign,
                         Violations& violations) {
  const absl::Status status =
      webhooks::CheckWebhookAddress(campaign.webhook_url, call.env.webhook_networks);
  if (!status.ok()) violations.Add("campaign.webhook_url", status);
}

absl::Status CheckKeys(const CallContext& call, const domain::Campaign& campaign,
                       Violations& violations) {
  if (campaign.api_key_ids.size() > base::limits::kCampaignKeysMax) return absl::OkStatus();
  for (const int64_t id : campaign.api_key_ids) {
    const absl::StatusOr<domain::ApiKey> key = call.env.store.GetApiKey(id);
    if (absl::IsNotFound(key.status()) || (key.ok() && key->account_id != call.account_id())) {
      violations.Add("campaign.api_key_ids", fmt::format("names {}, which is no key", id));
    } else if (!key.ok()) {
      return key.status();
    }
  }
  return absl::OkStatus();
}

void CheckFinishTime(const domain::Campaign& campaign, absl::Time now, Violations& violations) {
  if (campaign.finish_time && *campaign.finish_time <= now) {
    violations.Add("campaign.finish_time", "must lie ahead");
  }
}

absl::Status CheckHasTemplate(const CallContext& call, const domain::Campaign& campaign) {
  const bool is_to_begin = campaign.state == domain::CampaignState::kNew ||
                           campaign.state == domain::CampaignState::kPaused;
  if (!is_to_begin || !campaign.template_text.empty()) return absl::OkStatus();
  const storage::ExportFilter waiting{
      .campaign_id = campaign.id, .states = {domain::MessageState::kAccepted}, .with_text = true};
  ASSIGN_OR_RETURN(const storage::MessagePage page,
                   call.env.store.ExportMessages(waiting, 0, kMessagesLookedAt));
  const bool all_have_text =
      std::all_of(page.messages.begin(), page.messages.end(),
                  [](const domain::Message& message) { return !message.text.empty(); });
  if (all_have_text) return absl::OkStatus();
  return domain::errors::CampaignNotReady(campaign.id, "template",
                                          "is required: recipients wait for a text");
}

}  // namespace campaigner::services

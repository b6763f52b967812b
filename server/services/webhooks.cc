#include "server/services/webhooks.h"

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/services/campaigns.h"
#include "server/services/convert/webhook.h"
#include "server/services/paging.h"
#include "server/services/secrets.h"

namespace campaigner::services {
namespace {

// Standard Webhooks: 24 to 64 bytes.
constexpr size_t kWebhookSecretBytes = 32;
// How long webhooks carry signatures of the former secret too.
constexpr absl::Duration kRotationOverlap = absl::Hours(24);
// Deliveries replayed in one step of the writer, for which others wait.
constexpr int kReplayStep = 1000;

}  // namespace

absl::Status ListWebhookDeliveries(const CallContext& call,
                                   const v1::ListWebhookDeliveriesRequest& request,
                                   v1::ListWebhookDeliveriesResponse* response) {
  Violations violations;
  violations.CheckId("campaign_id", request.campaign_id());
  if (request.message_id() < 0) violations.Add("message_id", "must be positive");
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  storage::WebhookFilter filter;
  filter.account_id = call.account_id();
  filter.campaign_id = request.campaign_id();
  filter.message_id = request.message_id();
  filter.states = WebhookStatesFromProto(request.states(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(FindCampaign(call, request.campaign_id()).status());

  ASSIGN_OR_RETURN(const auto found, call.env.store.ListWebhooks(filter, page.after_id, page.size));
  for (const domain::WebhookDelivery& delivery : found.deliveries) {
    WebhookToProto(delivery, response->add_deliveries());
  }
  response->set_next_page_token(
      call.env.page_tokens.Make(request, call.account_id(), found.next_after_id));
  return absl::OkStatus();
}

absl::Status ReplayWebhookDelivery(const CallContext& call,
                                   const v1::ReplayWebhookDeliveryRequest& request,
                                   v1::WebhookDelivery* response) {
  Violations violations;
  violations.CheckId("delivery_id", request.delivery_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(
      const domain::WebhookDelivery delivery,
      call.env.store.ReplayWebhook(call.account_id(), request.delivery_id(), call.now()));
  WebhookToProto(delivery, response);
  return absl::OkStatus();
}

absl::Status ReplayFailedWebhookDeliveries(const CallContext& call,
                                           const v1::ReplayFailedWebhookDeliveriesRequest& request,
                                           v1::ReplayFailedWebhookDeliveriesResponse* response) {
  RETURN_IF_ERROR(FindCampaign(call, request.campaign_id()).status());
  const absl::Time begin = call.now();
  storage::WebhookStore::Replayed step{.more = true};
  while (step.more && response->replayed() < base::limits::kReplayMax) {
    ASSIGN_OR_RETURN(step, call.env.store.ReplayFailedWebhooks(
                               call.account_id(), request.campaign_id(), begin, kReplayStep));
    response->set_replayed(response->replayed() + step.count);
  }
  response->set_more(step.more);
  return absl::OkStatus();
}

absl::Status GetWebhookSecret(const CallContext& call,
                              const v1::GetWebhookSecretRequest& /*request*/,
                              v1::WebhookSecret* response) {
  ASSIGN_OR_RETURN(const auto secrets, call.env.store.GetWebhookSecrets(call.account_id()));
  response->set_secret(WebhookSecretText(secrets.current));
  return absl::OkStatus();
}

absl::Status RotateWebhookSecret(const CallContext& call,
                                 const v1::RotateWebhookSecretRequest& /*request*/,
                                 v1::WebhookSecret* response) {
  ASSIGN_OR_RETURN(auto secrets, call.env.store.GetWebhookSecrets(call.account_id()));
  secrets.previous = std::move(secrets.current);
  secrets.previous_expire_time = call.now() + kRotationOverlap;
  ASSIGN_OR_RETURN(secrets.current, RandomBytes(kWebhookSecretBytes));
  RETURN_IF_ERROR(call.env.store.SetWebhookSecrets(call.account_id(), secrets));
  response->set_secret(WebhookSecretText(secrets.current));
  return absl::OkStatus();
}

}  // namespace campaigner::services

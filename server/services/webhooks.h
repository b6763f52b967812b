#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/webhook_service.pb.h"
#include "server/services/environment.h"

// The WebhookService's handlers. They block. Errors beyond those that the .proto names are the
// store's; NOT_FOUND also for what is another account's.
namespace campaigner::services {

absl::Status ListWebhookDeliveries(const CallContext& call,
                                   const v1::ListWebhookDeliveriesRequest& request,
                                   v1::ListWebhookDeliveriesResponse* response);
absl::Status ReplayWebhookDelivery(const CallContext& call,
                                   const v1::ReplayWebhookDeliveryRequest& request,
                                   v1::WebhookDelivery* response);
absl::Status ReplayFailedWebhookDeliveries(const CallContext& call,
                                           const v1::ReplayFailedWebhookDeliveriesRequest& request,
                                           v1::ReplayFailedWebhookDeliveriesResponse* response);
absl::Status GetWebhookSecret(const CallContext& call, const v1::GetWebhookSecretRequest& request,
                              v1::WebhookSecret* response);
absl::Status RotateWebhookSecret(const CallContext& call,
                                 const v1::RotateWebhookSecretRequest& request,
                                 v1::WebhookSecret* response);

}  // namespace campaigner::services

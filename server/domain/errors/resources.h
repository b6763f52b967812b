#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "server/domain/campaign.h"
#include "server/domain/message.h"

// Errors about accounts, keys, campaigns, messages and webhook deliveries. What belongs to somebody
// else does not exist: the answer is the same NOT_FOUND.
namespace campaigner::domain::errors {

// NOT_FOUND: ACCOUNT_, API_KEY_, CAMPAIGN_, MESSAGE_, WEBHOOK_DELIVERY_, ROUTE_,
// TEMPLATE_NOT_FOUND.
absl::Status AccountNotFound(int64_t account_id);
absl::Status ApiKeyNotFound(int64_t api_key_id);
absl::Status CampaignNotFound(int64_t campaign_id);
absl::Status MessageNotFound(int64_t message_id);
absl::Status WebhookDeliveryNotFound(int64_t delivery_id);
absl::Status RouteNotFound(int64_t route_id);
absl::Status TemplateNotFound(int64_t campaign_id, int32_t version);

// FAILED_PRECONDITION: CAMPAIGN_CLOSED (finished or cancelled: takes no messages), CAMPAIGN_STATE
// (the verb does not fit the state), CAMPAIGN_NOT_READY (it cannot begin as it is; names the
// campaign's field), CAMPAIGN_NOT_EMPTY (messages are not final).
absl::Status CampaignClosed(int64_t campaign_id, CampaignState state);
absl::Status CampaignStateConflict(int64_t campaign_id, CampaignState state, std::string_view verb);
absl::Status CampaignNotReady(int64_t campaign_id, std::string_view field,
                              std::string_view description);
absl::Status CampaignNotEmpty(int64_t campaign_id, int64_t pending_messages);
// PERMISSION_DENIED, CAMPAIGN_KEY_DENIED: the campaign names other keys.
absl::Status CampaignKeyDenied(int64_t campaign_id);
// ABORTED, ETAG_MISMATCH.
absl::Status EtagMismatch(int64_t campaign_id);
// FAILED_PRECONDITION, MESSAGE_STATE.
absl::Status MessageNotCancellable(int64_t message_id, MessageState state);
// FAILED_PRECONDITION, WEBHOOK_DELIVERY_PENDING.
absl::Status WebhookDeliveryPending(int64_t delivery_id);
// INVALID_ARGUMENT, REQUEST_ID_REUSED: the id was used with other content.
absl::Status RequestIdReused(std::string_view request_id);
// PERMISSION_DENIED, REFERENCE_INVALID.
absl::Status ReferenceInvalid();

}  // namespace campaigner::domain::errors

#include "server/domain/errors/resources.h"

#include <fmt/format.h>

#include "server/base/error.h"

namespace campaigner::domain::errors {
namespace {

using absl::StatusCode;
using base::MakeError;

// "Campaign not found (campaign_id=7)": the wording that integrators of O3GO's interface know.
absl::Status NotFound(std::string_view noun, const char* reason, const char* key, int64_t id) {
  return MakeError(StatusCode::kNotFound, fmt::format("{} not found ({}={})", noun, key, id),
                   {.reason = reason, .metadata = {{key, std::to_string(id)}}});
}

}  // namespace

absl::Status AccountNotFound(int64_t account_id) {
  return NotFound("Account", "ACCOUNT_NOT_FOUND", "account_id", account_id);
}
absl::Status ApiKeyNotFound(int64_t api_key_id) {
  return NotFound("API key", "API_KEY_NOT_FOUND", "api_key_id", api_key_id);
}
absl::Status CampaignNotFound(int64_t campaign_id) {
  return NotFound("Campaign", "CAMPAIGN_NOT_FOUND", "campaign_id", campaign_id);
}
absl::Status MessageNotFound(int64_t message_id) {
  return NotFound("Message", "MESSAGE_NOT_FOUND", "message_id", message_id);
}
absl::Status WebhookDeliveryNotFound(int64_t delivery_id) {
  return NotFound("Webhook delivery", "WEBHOOK_DELIVERY_NOT_FOUND", "delivery_id", delivery_id);
}
absl::Status RouteNotFound(int64_t route_id) {
  return NotFound("Route", "ROUTE_NOT_FOUND", "route_id", route_id);
}
absl::Status TemplateNotFound(int64_t campaign_id, int32_t version) {
  return MakeError(
      StatusCode::kNotFound,
      fmt::format("Template not found (campaign_id={}, version={})", campaign_id, version),
      {.reason = "TEMPLATE_NOT_FOUND",
       .metadata = {{"campaign_id", std::to_string(campaign_id)},
                    {"version", std::to_string(version)}}});
}

absl::Status CampaignClosed(int64_t campaign_id, CampaignState state) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("campaign {} takes no messages any more: it is {}", campaign_id,
                  StateName(state)),
      {.reason = "CAMPAIGN_CLOSED",
       .metadata = {{"campaign_id", std::to_string(campaign_id)}, {"state", StateName(state)}}});
}

absl::Status CampaignStateConflict(int64_t campaign_id, CampaignState state,
                                   std::string_view verb) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("campaign {} is {}: it cannot {}", campaign_id, StateName(state), verb),
      {.reason = "CAMPAIGN_STATE",
       .metadata = {{"campaign_id", std::to_string(campaign_id)},
                    {"state", StateName(state)},
                    {"verb", std::string(verb)}}});
}

absl::Status CampaignNotReady(int64_t campaign_id, std::string_view field,
                              std::string_view description) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("campaign {} cannot begin: {} {}", campaign_id, field, description),
      {.reason = "CAMPAIGN_NOT_READY",
       .metadata = {{"campaign_id", std::to_string(campaign_id)}, {"field", std::string(field)}},
       .violations = {{std::string(field), std::string(description)}}});
}

absl::Status CampaignNotEmpty(int64_t campaign_id, int64_t pending_messages) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("campaign {} has {} messages that are not final: cancel it first",
                               campaign_id, pending_messages),
                   {.reason = "CAMPAIGN_NOT_EMPTY",
                    .metadata = {{"campaign_id", std::to_string(campaign_id)},
                                 {"pending_messages", std::to_string(pending_messages)}}});
}

absl::Status CampaignKeyDenied(int64_t campaign_id) {
  return MakeError(StatusCode::kPermissionDenied,
                   fmt::format("the API key may not send into campaign {}", campaign_id),
                   {.reason = "CAMPAIGN_KEY_DENIED",
                    .metadata = {{"campaign_id", std::to_string(campaign_id)}}});
}

absl::Status EtagMismatch(int64_t campaign_id) {
  return MakeError(
      StatusCode::kAborted,
      fmt::format("campaign {} was changed meanwhile: read it again", campaign_id),
      {.reason = "ETAG_MISMATCH", .metadata = {{"campaign_id", std::to_string(campaign_id)}}});
}

absl::Status MessageNotCancellable(int64_t message_id, MessageState state) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("message {} is {}: it cannot be cancelled", message_id, StateName(state)),
      {.reason = "MESSAGE_STATE",
       .metadata = {{"message_id", std::to_string(message_id)}, {"state", StateName(state)}}});
}

absl::Status WebhookDeliveryPending(int64_t delivery_id) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("webhook delivery {} is still pending", delivery_id),
                   {.reason = "WEBHOOK_DELIVERY_PENDING",
                    .metadata = {{"delivery_id", std::to_string(delivery_id)}}});
}

absl::Status RequestIdReused(std::string_view request_id) {
  return MakeError(
      StatusCode::kInvalidArgument,
      fmt::format("request_id {} was used with other content", request_id),
      {.reason = "REQUEST_ID_REUSED", .metadata = {{"request_id", std::string(request_id)}}});
}

absl::Status ReferenceInvalid() {
  return MakeError(StatusCode::kPermissionDenied, "the reference is not one of ours",
                   {.reason = "REFERENCE_INVALID"});
}

}  // namespace campaigner::domain::errors

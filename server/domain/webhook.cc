#include "server/domain/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "server/domain/json_number.h"

namespace campaigner::domain {
namespace {

std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string O3goWebhookPayload(const std::string& external_id, bool is_number, MessageState state) {
  return fmt::format(R"({{"id": {}, "status": "{}"}})",
                     is_number && IsJsonNumber(external_id) ? external_id : JsonString(external_id),
                     IsDelivered(state) ? "delivered" : "undelivered");
}

bool OwesO3goWebhook(MessageState from, MessageState to, const std::string& external_id) {
  return !external_id.empty() && !IsFinal(from) && IsFinal(to);
}

std::string EventWebhookPayload(const MessageEvent& event) {
  std::string type = StateName(event.state);
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  // Members in the order in which people read them.
  return fmt::format(
      R"({{"type": "message.{}", "timestamp": "{}", "data": {{"message_id": {}, "campaign_id": {}, )"
      R"("external_id": {}, "recipient": {}, "status": "{}", "reason": "{}", "segments": {}, )"
      R"("attempt_count": {}}}}})",
      type, absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", event.time, absl::UTCTimeZone()),
      event.message_id, event.campaign_id, JsonString(event.external_id),
      JsonString(event.recipient), StateName(event.state), ReasonName(event.reason), event.segments,
      event.attempt_count);
}

bool OwesEventWebhook(MessageState from, MessageState to) {
  return from != to && to >= MessageState::kSent;
}

}  // namespace campaigner::domain

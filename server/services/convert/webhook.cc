#include "server/services/convert/webhook.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "server/base/text.h"
#include "server/services/convert/time.h"

namespace campaigner::services {

void WebhookToProto(const domain::WebhookDelivery& delivery, v1::WebhookDelivery* proto) {
  proto->set_id(delivery.id);
  proto->set_campaign_id(delivery.campaign_id);
  proto->set_message_id(delivery.message_id);
  proto->set_url(delivery.url);
  proto->set_state(static_cast<v1::WebhookDelivery::State>(delivery.state));
  proto->set_attempt_count(delivery.attempt_count);
  proto->set_payload(delivery.payload);
  proto->set_last_http_status(delivery.last_http_status);
  proto->set_last_error(delivery.last_error);
  TimeToProto(delivery.create_time, proto->mutable_create_time());
  if (delivery.last_attempt_time) {
    TimeToProto(*delivery.last_attempt_time, proto->mutable_last_attempt_time());
  }
  if (delivery.next_attempt_time) {
    TimeToProto(*delivery.next_attempt_time, proto->mutable_next_attempt_time());
  }
}

std::vector<domain::WebhookState> WebhookStatesFromProto(
    const google::protobuf::RepeatedField<int>& states, Violations& violations) {
  std::vector<domain::WebhookState> result;
  for (int i = 0; i < states.size(); ++i) {
    if (states[i] == v1::WebhookDelivery::STATE_UNSPECIFIED ||
        !v1::WebhookDelivery::State_IsValid(states[i])) {
      violations.Add(fmt::format("states[{}]", i), "is no state");
    } else {
      result.push_back(static_cast<domain::WebhookState>(states[i]));
    }
  }
  return result;
}

std::string WebhookSecretText(std::string_view secret) {
  return "whsec_" + absl::Base64Escape(base::ToAbsl(secret));
}

}  // namespace campaigner::services

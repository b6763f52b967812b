#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>
#include <string_view>
#include <vector>

#include "campaigner/v1/webhook_delivery.pb.h"
#include "server/domain/webhook.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {

void WebhookToProto(const domain::WebhookDelivery& delivery, v1::WebhookDelivery* proto);

// Violations name "states[2]".
std::vector<domain::WebhookState> WebhookStatesFromProto(
    const google::protobuf::RepeatedField<int>& states, Violations& violations);

// "whsec_" and base64: how Standard Webhooks writes a secret.
std::string WebhookSecretText(std::string_view secret);

}  // namespace campaigner::services

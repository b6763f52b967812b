#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/domain/message.h"

namespace campaigner::domain {

// Numbers are stored, and equal to those of campaigner.v1.WebhookDelivery.State.
enum class WebhookState : uint8_t { kPending = 1, kDelivered = 2, kFailed = 3 };

struct WebhookDelivery {
  int64_t id = 0;
  int64_t account_id = 0;
  int64_t campaign_id = 0;
  int64_t message_id = 0;
  std::string url;
  WebhookState state = WebhookState::kPending;
  int32_t attempt_count = 0;
  std::string payload;
  int32_t last_http_status = 0;
  std::string last_error;
  absl::Time create_time;
  std::optional<absl::Time> last_attempt_time;
  std::optional<absl::Time> next_attempt_time;
};

// O3GO's body: {"id": 123, "status": "delivered"}; the id in the JSON type in which it came.
std::string O3goWebhookPayload(const std::string& external_id, bool is_number, MessageState state);

// Whether O3GO's webhook is owed for a message that becomes `to`: the first final state, with an
// external id.
bool OwesO3goWebhook(MessageState from, MessageState to, const std::string& external_id);

// What an event says of a message.
struct MessageEvent {
  int64_t message_id = 0;
  int64_t campaign_id = 0;
  std::string external_id;
  std::string recipient;
  MessageState state = MessageState::kSent;
  StateReason reason = StateReason::kNone;
  int64_t segments = 1;
  int32_t attempt_count = 0;
  absl::Time time;
};

// A Standard Webhooks event: {"type": "message.delivered", "timestamp": "..", "data": {..}}.
std::string EventWebhookPayload(const MessageEvent& event);

// Whether an event is owed for a message that becomes `to`: every status from SENT on.
bool OwesEventWebhook(MessageState from, MessageState to);

}  // namespace campaigner::domain

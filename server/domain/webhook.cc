#include "server/domain/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

namespace campaigner::domain {
namespace {

// Takes the digits at the start of `text` away; how many there were.
size_t SkipDigits(std::string_view& text) {
  const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count;
}

bool SkipOneOf(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// A JSON number (RFC 8259, section 6) of any size. Not by a JSON library: those turn it into a
// double, and it has to go back digit for digit.
bool IsJsonNumber(std::string_view text) {
  SkipOneOf(text, "-");
  const bool starts_with_zero = !text.empty() && text[0] == '0';
  const size_t digits = SkipDigits(text);
  if (digits == 0 || (starts_with_zero && digits > 1)) return false;
  if (SkipOneOf(text, ".") && SkipDigits(text) == 0) return false;
  if (SkipOneOf(text, "eE")) {
    SkipOneOf(text, "+-");
    if (SkipDigits(text) == 0) return false;
  }
  return text.empty();
}

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

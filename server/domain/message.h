#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

// A message and what may happen to it. Plain values and pure functions.
namespace campaigner::domain {

// Numbers are stored: never change or reuse one. From kDelivered on a state is final.
enum class MessageState : uint8_t {
  kAccepted = 1,
  kSending = 2,
  kSent = 3,
  kPartiallyDelivered = 4,
  kDelivered = 5,
  kRead = 6,
  kClicked = 7,
  kUndelivered = 8,
  kRejected = 9,
  kExpired = 10,
  kCancelled = 11,
  kDeleted = 12,
  kUnknown = 13,
};
inline constexpr int kMessageStateCount = 14;  // One past the last, for tables indexed by state.

// Numbers are stored, and equal to those of campaigner.v1.Message.Reason.
enum class StateReason : uint8_t {
  kNone = 0,
  kFailed = 1,
  kUnavailable = 2,
  kWrongRecipient = 3,
  kForbidden = 4,
  kNoFunds = 5,
  kSendingTimeout = 6,
  kStatusTimeout = 7,
  kCampaignFinished = 8,
  kAttemptsExhausted = 9,
  kOptedOut = 10,
  kCancelledByCaller = 11,
  kNoRoute = 12,
  kOutcomeUnknown = 13,
  kStopListed = 14,
  kMissingValue = 15,
  kErased = 16,
  kReplaced = 17,
  kTextTooLong = 18,
};

constexpr bool IsFinal(MessageState state) { return state >= MessageState::kDelivered; }
// DELIVERED or better.
constexpr bool IsDelivered(MessageState state) {
  return state >= MessageState::kDelivered && state <= MessageState::kClicked;
}
// Whether a message in `state` costs nothing because it ended before any provider had it.
constexpr bool IsFree(MessageState state, int32_t attempt_count, bool was_sent) {
  const bool may_be_ours = state == MessageState::kRejected || state == MessageState::kExpired ||
                           state == MessageState::kCancelled;
  return may_be_ours && attempt_count == 0 && !was_sent;
}
// "ACCEPTED" .. : the names of campaigner.v1.Message.State.
const char* StateName(MessageState state);
// "FAILED" .. : the names of campaigner.v1.Message.Reason; empty for none.
const char* ReasonName(StateReason reason);

// The one function that decides every change of state. True if a message in `from` may become `to`:
// - a final state never goes back; DELIVERED rises to READ and CLICKED, READ to CLICKED;
// - an open state goes forward to any later one, so that a receipt may come before the provider's
// answer;
// - SENDING goes back to ACCEPTED (a retry, or a claim given back);
// - CANCELLED is reached from ACCEPTED only: what a provider has is not recalled.
// A state never "becomes" itself.
bool CanBecome(MessageState from, MessageState to);

// Values for a template, by placeholder name.
using Fields = std::map<std::string, std::string, std::less<>>;

// A message as it is accepted: validated, with everything that storage keeps of it.
struct NewMessage {
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  // E.164 digits for phone channels.
  std::string recipient;
  // Own text; nullopt: the campaign's template of version `template_version`; 0: the one that it
  // has when the message goes out.
  std::optional<std::string> text;
  int32_t template_version = 0;
  Fields fields;
  std::string external_id;
  // The caller's id was a JSON number; webhooks write it as one.
  bool external_id_is_number = false;
  int32_t segments = 1;
  // By its route's price, in millionths.
  int64_t cost_micros = 0;
  // Not sent before; nullopt: at once.
  std::optional<absl::Time> schedule_time;
};

// One handing of a message to a provider.
enum class AttemptOutcome : uint8_t {
  kAccepted = 1,
  kRejected = 2,
  kPassingFailure = 3,
  kThrottled = 4,
  kMisconfigured = 5,
  kOptedOut = 6,
  kUnknown = 7,  // Bytes went out, no answer came.
};

struct Attempt {
  int32_t number = 0;
  int64_t route_id = 0;
  AttemptOutcome outcome = AttemptOutcome::kUnknown;
  std::string provider_message_id;
  // The provider's answer, in its own words.
  std::string detail;
  absl::Time start_time;
  absl::Time end_time;
  // What its last receipt said, if it said anything.
  std::string receipt_detail = {};
};

// A message as it is read back.
struct Message {
  int64_t id = 0;
  int64_t account_id = 0;
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  std::string recipient;
  // As it is or will be sent: own text, or the rendered template. Only where asked for.
  std::string text;
  Fields fields;
  std::string external_id;
  bool external_id_is_number = false;
  MessageState state = MessageState::kAccepted;
  StateReason reason = StateReason::kNone;
  int32_t attempt_count = 0;
  int32_t segments = 1;
  // By its route's price, in millionths; 0 where IsFree.
  int64_t cost_micros = 0;
  absl::Time create_time;
  std::optional<absl::Time> schedule_time;
  std::optional<absl::Time> send_time;
  std::optional<absl::Time> final_time;
  // Only where asked for; oldest first.
  std::vector<Attempt> attempts;
};

}  // namespace campaigner::domain

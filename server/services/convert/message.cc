#include "server/services/convert/message.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

void AttemptToProto(const domain::Attempt& attempt, v1::Attempt* proto) {
  proto->set_number(attempt.number);
  proto->set_outcome(static_cast<v1::Attempt::Outcome>(attempt.outcome));
  proto->set_provider_message_id(attempt.provider_message_id);
  proto->set_detail(attempt.detail);
  proto->set_receipt_detail(attempt.receipt_detail);
  TimeToProto(attempt.start_time, proto->mutable_start_time());
  TimeToProto(attempt.end_time, proto->mutable_end_time());
}

// What a provider may say of a message.
bool IsReportable(v1::Message::State state) {
  switch (state) {
    case v1::Message::SENT:
    case v1::Message::PARTIALLY_DELIVERED:
    case v1::Message::DELIVERED:
    case v1::Message::READ:
    case v1::Message::CLICKED:
    case v1::Message::UNDELIVERED:
    case v1::Message::REJECTED:
    case v1::Message::EXPIRED:
    case v1::Message::DELETED: return true;
    default: return false;
  }
}

}  // namespace

void MessageToProto(const domain::Message& message, bool with_details, v1::Message* proto) {
  proto->set_id(message.id);
  proto->set_campaign_id(message.campaign_id);
  proto->set_external_id(message.external_id);
  proto->set_recipient(message.recipient);
  proto->set_state(static_cast<v1::Message::State>(message.state));
  proto->set_reason(static_cast<v1::Message::Reason>(message.reason));
  proto->set_attempt_count(message.attempt_count);
  proto->set_segments(message.segments);
  proto->set_cost_micros(message.cost_micros);
  TimeToProto(message.create_time, proto->mutable_create_time());
  if (message.schedule_time) TimeToProto(*message.schedule_time, proto->mutable_schedule_time());
  if (message.send_time) TimeToProto(*message.send_time, proto->mutable_send_time());
  if (message.final_time) TimeToProto(*message.final_time, proto->mutable_final_time());
  if (!with_details) return;
  proto->set_text(message.text);
  for (const auto& [name, value] : message.fields) (*proto->mutable_fields())[name] = value;
  for (const domain::Attempt& attempt : message.attempts) {
    AttemptToProto(attempt, proto->add_attempts());
  }
}

void ChangeToProto(const storage::MessageChange& change, v1::MessageEvent* proto) {
  proto->set_message_id(change.message_id);
  proto->set_campaign_id(change.campaign_id);
  proto->set_external_id(change.external_id);
  proto->set_state(static_cast<v1::Message::State>(change.to));
  proto->set_reason(static_cast<v1::Message::Reason>(change.reason));
  TimeToProto(change.time, proto->mutable_event_time());
}

void MessageToEvent(const domain::Message& message, absl::Time now, v1::MessageEvent* proto) {
  proto->set_message_id(message.id);
  proto->set_campaign_id(message.campaign_id);
  proto->set_external_id(message.external_id);
  proto->set_state(static_cast<v1::Message::State>(message.state));
  proto->set_reason(static_cast<v1::Message::Reason>(message.reason));
  TimeToProto(message.final_time.value_or(now), proto->mutable_event_time());
}

std::vector<domain::MessageState> MessageStatesFromProto(
    const google::protobuf::RepeatedField<int>& states, Violations& violations) {
  std::vector<domain::MessageState> result;
  for (int i = 0; i < states.size(); ++i) {
    if (states[i] == v1::Message::STATE_UNSPECIFIED || !v1::Message::State_IsValid(states[i])) {
      violations.Add(fmt::format("states[{}]", i), "is no state");
    } else {
      result.push_back(static_cast<domain::MessageState>(states[i]));
    }
  }
  return result;
}

std::vector<domain::StateReason> ReasonsFromProto(
    const google::protobuf::RepeatedField<int>& reasons, Violations& violations) {
  std::vector<domain::StateReason> result;
  for (int i = 0; i < reasons.size(); ++i) {
    if (reasons[i] == v1::Message::REASON_UNSPECIFIED || !v1::Message::Reason_IsValid(reasons[i])) {
      violations.Add(fmt::format("reasons[{}]", i), "is no reason");
    } else {
      result.push_back(static_cast<domain::StateReason>(reasons[i]));
    }
  }
  return result;
}

storage::ReceiptRecord ReportFromProto(const v1::DeliveryReport& proto, int index, absl::Time now,
                                       Violations& violations) {
  const auto field = [index](const char* name) {
    return fmt::format("reports[{}].{}", index, name);
  };
  storage::ReceiptRecord record;
  if (!IsReportable(proto.state())) {
    violations.Add(field("state"), "is no state that a provider reports");
  } else {
    record.state = static_cast<domain::MessageState>(proto.state());
  }
  if (!v1::Message::Reason_IsValid(proto.reason())) {
    violations.Add(field("reason"), "is no reason");
  } else {
    record.reason = static_cast<domain::StateReason>(proto.reason());
  }
  violations.CheckText(field("provider_message_id"), proto.provider_message_id(),
                       limits::kProviderDetailBytesMax);
  record.provider_message_id = proto.provider_message_id();
  record.detail = base::Printable(proto.detail(), limits::kProviderDetailBytesMax);
  record.time = now;
  if (proto.has_event_time()) {
    record.time = ReadTime(field("event_time"), proto.event_time(), violations).value_or(now);
  }
  return record;
}

}  // namespace campaigner::services

#pragma once

#include <google/protobuf/repeated_field.h>

#include <string_view>
#include <vector>

#include "campaigner/v1/message.pb.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/domain/message.h"
#include "server/services/convert/violations.h"
#include "server/storage/dispatch_store.h"
#include "server/storage/store.h"

namespace campaigner::services {

// Everything but the routes' names of attempts, which the caller knows.
void MessageToProto(const domain::Message& message, bool with_details, v1::Message* proto);

void ChangeToProto(const storage::MessageChange& change, v1::MessageEvent* proto);
// The present state as an event.
void MessageToEvent(const domain::Message& message, absl::Time now, v1::MessageEvent* proto);

// Violations name "states[2]".
std::vector<domain::MessageState> MessageStatesFromProto(
    const google::protobuf::RepeatedField<int>& states, Violations& violations);

// Everything but the message id, which the reference tells. Absent time: `now`. Violations name
// "reports[index].state".
// The same for "reasons[0]".
std::vector<domain::StateReason> ReasonsFromProto(
    const google::protobuf::RepeatedField<int>& reasons, Violations& violations);

storage::ReceiptRecord ReportFromProto(const v1::DeliveryReport& proto, int index, absl::Time now,
                                       Violations& violations);

}  // namespace campaigner::services

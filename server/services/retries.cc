#include "server/services/retries.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/operations/retry_job.h"
#include "server/services/campaigns.h"
#include "server/services/convert/message.h"
#include "server/services/operations.h"
#include "server/services/request_id.h"

namespace campaigner::services {
namespace {

using domain::MessageState;
using domain::StateReason;

// What a message that failed may be in. The last two need to be asked for: CANCELLED was meant, and
// UNKNOWN was probably delivered.
constexpr MessageState kFailedStates[] = {MessageState::kUndelivered, MessageState::kExpired,
                                          MessageState::kRejected, MessageState::kCancelled,
                                          MessageState::kUnknown};

bool Holds(const auto& values, auto value) {
  return std::find(std::begin(values), std::end(values), value) != std::end(values);
}

// A person who was erased is not written to, and what was replaced has a message in its stead.
bool IsNeverRetried(StateReason reason) {
  return reason == StateReason::kErased || reason == StateReason::kReplaced;
}

// Who has opted out is only written to again by somebody who means it; who was silent until the
// Status Timeout probably has the message.
bool IsRetriedUnasked(StateReason reason) {
  return !IsNeverRetried(reason) && reason != StateReason::kOptedOut &&
         reason != StateReason::kStatusTimeout;
}

std::vector<MessageState> StatesUnasked(const std::vector<StateReason>& reasons) {
  if (reasons.empty()) return {MessageState::kUndelivered, MessageState::kExpired};
  std::vector<MessageState> states;
  for (const MessageState state : kFailedStates) {
    if (state != MessageState::kUnknown || Holds(reasons, StateReason::kOutcomeUnknown)) {
      states.push_back(state);
    }
  }
  return states;
}

void CheckFilter(const storage::RetryFilter& filter, Violations& violations) {
  if (!violations.empty()) return;
  for (size_t i = 0; i < filter.states.size(); ++i) {
    if (!Holds(kFailedStates, filter.states[i])) {
      violations.Add(fmt::format("states[{}]", i), "is no state of a message that failed");
    }
  }
  for (size_t i = 0; i < filter.reasons.size(); ++i) {
    if (IsNeverRetried(filter.reasons[i])) {
      violations.Add(fmt::format("reasons[{}]", i),
                     fmt::format("{} is not sent again", domain::ReasonName(filter.reasons[i])));
    }
  }
}

storage::RetryFilter ReadFilter(const v1::RetryMessagesRequest& request, Violations& violations) {
  storage::RetryFilter filter{.states = MessageStatesFromProto(request.states(), violations),
                              .reasons = ReasonsFromProto(request.reasons(), violations)};
  CheckFilter(filter, violations);
  if (filter.states.empty()) filter.states = StatesUnasked(filter.reasons);
  if (filter.reasons.empty()) {
    for (int reason = 0; v1::Message::Reason_IsValid(reason); ++reason) {
      const auto value = static_cast<StateReason>(reason);
      if (IsRetriedUnasked(value)) filter.reasons.push_back(value);
    }
  }
  return filter;
}

// At most so many: the reasons are not counted.
absl::StatusOr<int64_t> CountFailed(const CallContext& call, int64_t campaign_id,
                                    const storage::RetryFilter& filter) {
  ASSIGN_OR_RETURN(const auto counters, call.env.store.GetCampaignCounters(campaign_id));
  int64_t count = 0;
  for (const storage::CampaignCounter& counter : counters) {
    if (Holds(filter.states, counter.state)) count += counter.messages;
  }
  return count;
}

}  // namespace

absl::Status RetryMessages(const CallContext& call, const v1::RetryMessagesRequest& request,
                           v1::Operation* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  const storage::RetryFilter filter = ReadFilter(request, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(domain::CheckRetry(*campaign, call.now()));
  storage::NewOperation operation;
  operation.account_id = call.account_id();
  operation.campaign_id = campaign->id;
  operation.kind = domain::OperationKind::kRetry;
  operation.request = operations::WriteRetryRequest(filter);
  operation.request_id = request.request_id();
  operation.request_hash =
      rpc::HashSecret(fmt::format("{} {}", operation.campaign_id, operation.request));
  ASSIGN_OR_RETURN(operation.total_units, CountFailed(call, campaign->id, filter));
  ASSIGN_OR_RETURN(const domain::Operation made,
                   call.env.store.CreateOperation(operation, call.now()));
  return FillOperation(call.env, made, response);
}

}  // namespace campaigner::services

#include "server/services/retries.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/address.h"
#include "server/operations/retry_job.h"
#include "server/services/campaigns.h"
#include "server/services/convert/message.h"
#include "server/services/operations.h"
#include "server/services/request_id.h"

namespace campaigner::services {
namespace {

using domain::MessageState;
using domain::StateReason;

bool IsRetried(MessageState state) {
  return state == MessageState::kUndelivered || state == MessageState::kRejected ||
         state == MessageState::kExpired || state == MessageState::kCancelled ||
         state == MessageState::kUnknown;
}

storage::RetryFilter ReadFilter(const v1::RetryMessagesRequest& request, Violations& violations) {
  storage::RetryFilter filter{.states = MessageStatesFromProto(request.states(), violations),
                              .reasons = ReasonsFromProto(request.reasons(), violations)};
  for (size_t i = 0; i < filter.states.size() && violations.empty(); ++i) {
    if (!IsRetried(filter.states[i])) {
      violations.Add(fmt::format("states[{}]", i), "is no state of a message that failed");
    }
  }
  if (filter.states.empty()) {
    filter.states = {MessageState::kUndelivered, MessageState::kExpired, MessageState::kUnknown};
  }
  if (filter.reasons.empty()) {
    for (int reason = 0; v1::Message::Reason_IsValid(reason); ++reason) {
      const auto value = static_cast<StateReason>(reason);
      // Who has opted out is only written to again by somebody who means it.
      if (value != StateReason::kOptedOut) filter.reasons.push_back(value);
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
    const bool is_asked =
        std::find(filter.states.begin(), filter.states.end(), counter.state) != filter.states.end();
    if (is_asked) count += counter.messages;
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

absl::Status EraseRecipient(const CallContext& call, const v1::EraseRecipientRequest& request,
                            v1::Operation* response) {
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  Violations violations;
  storage::NewOperation operation;
  auto address =
      domain::NormalizeAddress(request.recipient(), account->default_region, call.env.phones);
  if (address.ok()) {
    operation.checkpoint = *std::move(address);
  } else {
    violations.Add("recipient", address.status());
  }
  RETURN_IF_ERROR(violations.ToStatus());
  operation.account_id = call.account_id();
  operation.kind = domain::OperationKind::kErase;
  ASSIGN_OR_RETURN(const domain::Operation made,
                   call.env.store.CreateOperation(operation, call.now()));
  return FillOperation(call.env, made, response);
}

}  // namespace campaigner::services

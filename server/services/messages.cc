#include "server/services/messages.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/address.h"
#include "server/services/campaigns.h"
#include "server/services/convert/message.h"
#include "server/services/paging.h"
#include "server/services/send.h"

namespace campaigner::services {
namespace {

bool CheckView(v1::MessageView view, v1::MessageView absent, Violations& violations) {
  if (!v1::MessageView_IsValid(view)) violations.Add("view", "is no view");
  return (view == v1::MESSAGE_VIEW_UNSPECIFIED ? absent : view) == v1::MESSAGE_VIEW_FULL;
}

// With the routes' names in the attempts: those of the configuration are at hand, former ones are
// asked for.
absl::Status FillMessage(const CallContext& call, const domain::Message& message, bool with_details,
                         v1::Message* proto) {
  MessageToProto(message, with_details, proto);
  for (int i = 0; i < proto->attempts_size(); ++i) {
    const int64_t route_id = message.attempts[static_cast<size_t>(i)].route_id;
    if (const dispatch::Route* route = call.env.routes.Find(route_id)) {
      proto->mutable_attempts(i)->set_route(route->options.name);
    } else {
      ASSIGN_OR_RETURN(*proto->mutable_attempts(i)->mutable_route(),
                       call.env.store.GetRouteName(route_id));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void SendMessages(CallContext call, const v1::SendMessagesRequest& request,
                  v1::SendMessagesResponse* response, rpc::Done done) {
  Send(call.env, call.caller, call.arrival, request, response, std::move(done));
}

absl::Status GetMessage(const CallContext& call, const v1::GetMessageRequest& request,
                        v1::Message* response) {
  Violations violations;
  violations.CheckId("message_id", request.message_id());
  const bool is_full = CheckView(request.view(), v1::MESSAGE_VIEW_FULL, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const domain::Message message,
                   call.env.store.GetMessage(call.account_id(), request.message_id(), is_full));
  return FillMessage(call, message, is_full, response);
}

absl::Status ListMessages(const CallContext& call, const v1::ListMessagesRequest& request,
                          v1::ListMessagesResponse* response) {
  Violations violations;
  if (request.campaign_id() != 0 || request.recipient().empty()) {
    violations.CheckId("campaign_id", request.campaign_id());
  }
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  storage::MessageFilter filter;
  filter.account_id = call.account_id();
  filter.campaign_id = request.campaign_id();
  filter.states = MessageStatesFromProto(request.states(), violations);
  filter.reasons = ReasonsFromProto(request.reasons(), violations);
  filter.external_id = request.external_id();
  violations.CheckText("external_id", filter.external_id, base::limits::kExternalIdCharsMax);
  filter.with_details = CheckView(request.view(), v1::MESSAGE_VIEW_BASIC, violations);
  if (!request.recipient().empty()) {
    ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
    auto address =
        domain::NormalizeAddress(request.recipient(), account->default_region, call.env.phones);
    if (address.ok()) {
      filter.recipient = *std::move(address);
    } else {
      violations.Add("recipient", address.status());
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  if (filter.campaign_id != 0) RETURN_IF_ERROR(FindCampaign(call, filter.campaign_id).status());

  ASSIGN_OR_RETURN(const storage::MessagePage found,
                   call.env.store.ListMessages(filter, page.after_id, page.size));
  for (const domain::Message& message : found.messages) {
    RETURN_IF_ERROR(FillMessage(call, message, filter.with_details, response->add_messages()));
  }
  response->set_next_page_token(
      call.env.page_tokens.Make(request, call.account_id(), found.next_after_id));
  return absl::OkStatus();
}

absl::Status CancelMessage(const CallContext& call, const v1::CancelMessageRequest& request,
                           v1::Message* response) {
  Violations violations;
  violations.CheckId("message_id", request.message_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(
      const domain::Message message,
      call.env.store.CancelMessage(call.account_id(), request.message_id(), call.now()));
  return FillMessage(call, message, false, response);
}

}  // namespace campaigner::services

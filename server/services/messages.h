#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/rpc/call_runner.h"
#include "server/services/environment.h"

// The MessageService's unary handlers. Those that return a status block; the others do not, and
// call `done` once. Errors beyond those that the .proto names are the store's; NOT_FOUND also for
// what is another account's.
namespace campaigner::services {

void SendMessages(CallContext call, const v1::SendMessagesRequest& request,
                  v1::SendMessagesResponse* response, rpc::Done done);
absl::Status GetMessage(const CallContext& call, const v1::GetMessageRequest& request,
                        v1::Message* response);
absl::Status ListMessages(const CallContext& call, const v1::ListMessagesRequest& request,
                          v1::ListMessagesResponse* response);
absl::Status CancelMessage(const CallContext& call, const v1::CancelMessageRequest& request,
                           v1::Message* response);

// INVALID_ARGUMENT for reports that make no sense; PERMISSION_DENIED where no reference is ours.
// References that are not ours beside some that are count as ignored: a gateway that puts the
// receipts of many providers into one call must not lose all to one forgery.
void ReportDelivery(CallContext call, const v1::ReportDeliveryRequest& request,
                    v1::ReportDeliveryResponse* response, rpc::Done done);

}  // namespace campaigner::services

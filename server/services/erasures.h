#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "campaigner/v1/operation.pb.h"
#include "server/services/environment.h"

// The erasing of people: long work that is begun here. Blocks.
namespace campaigner::services {

absl::Status EraseRecipient(const CallContext& call, const v1::EraseRecipientRequest& request,
                            v1::Operation* response);

}  // namespace campaigner::services

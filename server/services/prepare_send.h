#pragma once

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "server/rpc/auth.h"
#include "server/services/environment.h"
#include "server/storage/message_store.h"

namespace campaigner::services {

// Makes of a request the batch that is stored and the answer without its ids: numbers normalised,
// routes picked, texts rendered and measured. Does not block, but for an account's first send.
//
// INVALID_ARGUMENT with every field that is wrong; NOT_FOUND for a campaign that is not the
// caller's, PERMISSION_DENIED for one closed to its key. Whether a campaign still takes messages is
// the store's to say: it knows first whether this is a repeat.
absl::Status PrepareSend(const Environment& env, const rpc::Caller& caller,
                         const v1::SendMessagesRequest& request, storage::AcceptBatch* batch,
                         v1::SendMessagesResponse* response);

}  // namespace campaigner::services

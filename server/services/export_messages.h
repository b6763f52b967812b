#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/campaign_service.pb.h"
#include "campaigner/v1/file.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// ExportMessages: a CSV file with a header row, a message in each row, by ascending id. It is read
// in pages as it goes out, so that messages which change meanwhile are in it as they then are.
//
// Columns: id, recipient, external_id, state, reason, segments, cost, attempts, create_time,
// send_time, final_time (ISO 8601, UTC), route, provider_message_id, provider_detail; `text` where
// asked for; then a column for each field where asked for. Those are the placeholders of the
// campaign's template and the fields of its first messages, at most limits::kExportFieldsMax. Then
// `other_fields`: what has no column of its own, as a JSON object.
grpc::ServerWriteReactor<v1::FileChunk>* ServeExportMessages(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::ExportMessagesRequest* request);

}  // namespace campaigner::services

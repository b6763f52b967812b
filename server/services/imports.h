#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "campaigner/v1/import_service.pb.h"
#include "google/protobuf/empty.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// ImportService but for UploadFile. All block.
absl::Status GetUpload(const CallContext& call, const v1::GetUploadRequest& request,
                       v1::Upload* response);
absl::Status DeleteUpload(const CallContext& call, const v1::DeleteUploadRequest& request,
                          google::protobuf::Empty* response);
absl::Status PreviewImport(const CallContext& call, const v1::PreviewImportRequest& request,
                           v1::PreviewImportResponse* response);
absl::Status ImportRecipients(const CallContext& call, const v1::ImportRecipientsRequest& request,
                              v1::Operation* response);

// DownloadRejectedRows.
grpc::ServerWriteReactor<v1::FileChunk>* ServeRejectedRows(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::DownloadRejectedRowsRequest* request);

}  // namespace campaigner::services

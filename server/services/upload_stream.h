#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/import_service.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// UploadFile: writes what arrives to disk, a piece at a time; the next piece is read when the one
// before is written.
grpc::ServerReadReactor<v1::FileChunk>* ServeUpload(const Environment& env,
                                                    grpc::CallbackServerContext* context,
                                                    v1::Upload* response);

}  // namespace campaigner::services

#pragma once

#include <memory>

#include "gateway/backend.h"
#include "gateway/http/message.h"
#include "gateway/native/place.h"
#include "gateway/native/rpc.h"

namespace campaigner::gateway::native {

// Whether the RPC takes a file: stream FileChunk in, one answer out.
bool IsUpload(const HttpRpc& rpc);

// Brings a request's body to such an RPC while it comes: the part "file" of multipart/form-data, or
// the body itself, named by ?file_name=. Holds limits::kUploadBytesInFlightMax at most. The
// server's answer is given as soon as it is there. `uploads` counts those under way: at
// limits::kUploadsMax a further one is 503. Does not block. As http::Handler::HandleStream.
std::unique_ptr<http::BodySink> OpenUpload(Backend& backend, const HttpRpc& rpc,
                                           const http::Request& request, http::Resume resume,
                                           http::Responder respond, const OpenCount& uploads);

}  // namespace campaigner::gateway::native

#pragma once

#include "gateway/backend.h"
#include "gateway/http/message.h"
#include "gateway/native/place.h"
#include "gateway/native/rpc.h"

namespace campaigner::gateway::native {

// Whether the RPC answers a file: stream FileChunk.
bool IsDownload(const HttpRpc& rpc);

// Serves such an RPC as a plain body, with the type and the name that its first chunk says. Waits
// for that chunk: an error before it is answered as such. An error after it cuts the connection.
// The next chunk is read when the client has taken the last one. `downloads` counts those that are
// open: at limits::kDownloadsMax a further one is 503.
http::Response ServeDownload(Backend& backend, const HttpRpc& rpc, const http::Request& request,
                             const OpenCount& downloads);

}  // namespace campaigner::gateway::native

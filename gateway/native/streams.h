#pragma once

#include "gateway/backend.h"
#include "gateway/http/message.h"
#include "gateway/native/place.h"
#include "gateway/native/rpc.h"

namespace campaigner::gateway::native {

// Serves a streaming RPC as lines of JSON. Where the client streams, each line of the body is a
// request. An error that comes before the first message (or within a second) is answered as such.
// `streams` counts those that are open: at limits::kWatchersMax a further one is 503.
http::Response ServeStream(Backend& backend, const HttpRpc& rpc, const http::Request& request,
                           const OpenCount& streams);

}  // namespace campaigner::gateway::native

#pragma once

#include <functional>
#include <vector>

#include "gateway/backend.h"
#include "gateway/http/router.h"

namespace campaigner::gateway {

// The gateway's own pages: /healthz (this process is alive), /readyz (and the server says that it
// serves), /metrics (Prometheus text), /openapi.json. `backend` outlives the routes.
std::vector<http::Route> OwnRoutes(Backend& backend, std::function<std::string()> metrics_text);

}  // namespace campaigner::gateway

#pragma once

#include <functional>
#include <vector>

#include "gateway/backend.h"
#include "gateway/http/router.h"
#include "gateway/http/task_pool.h"

namespace campaigner::gateway {

// The gateway's own pages: /healthz (this process is alive), /readyz (and the server says that it
// serves), /metrics (Prometheus text), /openapi.json. `backend` and `tasks`, which asks the
// server, outlive the routes.
std::vector<http::Route> OwnRoutes(Backend& backend, http::TaskPool& tasks,
                                   std::function<std::string()> metrics_text);

}  // namespace campaigner::gateway

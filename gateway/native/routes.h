#pragma once

#include <vector>

#include "gateway/backend.h"
#include "gateway/http/router.h"
#include "gateway/http/task_pool.h"

namespace campaigner::gateway::native {

// A route for every google.api.http annotation of the API. JSON in and out by protobuf's mapping;
// streams are lines of JSON (NDJSON), an error that comes after the first line is a last line
// {"error": {..}}, an empty line means that nothing happened; files are plain bodies (upload.h,
// download.h). `backend` and `tasks`, which opens streams, outlive the routes.
std::vector<http::Route> NativeRoutes(Backend& backend, http::TaskPool& tasks);

}  // namespace campaigner::gateway::native

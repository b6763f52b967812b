#pragma once

#include "absl/functional/any_invocable.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"
#include "gateway/http/task_pool.h"

namespace campaigner::gateway::http {

// For a route that may block or takes long: `serve` on a thread of `tasks`, or, when every thread
// is busy, 503 in the words of `format_error`. An exception of `serve` is logged and ends there.
void ServeOnThread(TaskPool& tasks, FormatError format_error, Request request, Responder respond,
                   absl::AnyInvocable<void(Request, Responder)> serve);

}  // namespace campaigner::gateway::http

#include "gateway/http/serve_on_thread.h"

#include <exception>
#include <memory>
#include <utility>

#include "server/base/log.h"

namespace campaigner::gateway::http {

void ServeOnThread(TaskPool& tasks, FormatError format_error, Request request, Responder respond,
                   absl::AnyInvocable<void(Request, Responder)> serve) {
  // Stays here where there is no thread for it.
  auto kept = std::make_shared<Responder>(std::move(respond));
  const bool is_posted =
      tasks.TryPost([kept, request = std::move(request), serve = std::move(serve)]() mutable {
        try {
          serve(std::move(request), std::move(*kept));
        } catch (const std::exception& error) {
          base::LogError("http_handler_failed", {{"error", error.what()}});
        }
      });
  if (!is_posted) (*kept)(format_error(503, "too many requests at once"));
}

}  // namespace campaigner::gateway::http

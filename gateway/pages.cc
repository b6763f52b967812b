#include "gateway/pages.h"

#include <string>
#include <utility>

#include "gateway/errors.h"
#include "gateway/http/serve_on_thread.h"
#include "gateway/native/openapi.h"

namespace campaigner::gateway {
namespace {

// Whoever asks whether we are ready wants to know soon.
constexpr absl::Duration kHealthTimeout = absl::Seconds(1);
constexpr char kServerAway[] = "the server behind this gateway is away";

http::Response Page(std::string body, std::string content_type = "application/json") {
  http::Response response;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

}  // namespace

std::vector<http::Route> OwnRoutes(Backend& backend, http::TaskPool& tasks,
                                   std::function<std::string()> metrics_text) {
  const auto healthy = [](const http::Request&, http::Responder respond) {
    respond(Page(R"({"status":"alive"})"));
  };
  const auto ready = [&backend, &tasks](http::Request request, http::Responder respond) {
    http::ServeOnThread(tasks, NativeHttpError, std::move(request), std::move(respond),
                        [&backend](const http::Request&, http::Responder answer) {
                          answer(backend.CheckHealth(kHealthTimeout).ok()
                                     ? Page(R"({"status":"ready"})")
                                     : NativeHttpError(503, kServerAway));
                        });
  };
  const auto metrics = [text = std::move(metrics_text)](const http::Request&,
                                                        http::Responder respond) {
    respond(Page(text(), "text/plain; version=0.0.4; charset=utf-8"));
  };
  const auto openapi = [document = native::OpenApiDocument()](const http::Request&,
                                                              http::Responder respond) {
    respond(Page(document));
  };
  return {{"GET", "/healthz", healthy, NativeHttpError},
          {"GET", "/readyz", ready, NativeHttpError},
          {"GET", "/metrics", metrics, NativeHttpError},
          {"GET", "/openapi.json", openapi, NativeHttpError}};
}

}  // namespace campaigner::gateway

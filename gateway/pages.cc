#include "gateway/pages.h"

#include <string>
#include <utility>

#include "gateway/errors.h"
#include "gateway/native/openapi.h"

namespace campaigner::gateway {
namespace {

// Whoever asks whether we are ready wants to know soon.
constexpr absl::Duration kHealthTimeout = absl::Seconds(1);

http::Response Page(std::string body, std::string content_type = "application/json") {
  http::Response response;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

}  // namespace

std::vector<http::Route> OwnRoutes(Backend& backend, std::function<std::string()> metrics_text) {
  const auto healthy = [](const http::Request&) { return Page(R"({"status":"alive"})"); };
  const auto ready = [&backend](const http::Request&) {
    if (backend.CheckHealth(kHealthTimeout).ok()) return Page(R"({"status":"ready"})");
    return NativeHttpError(503, "the server behind this gateway is away");
  };
  const auto metrics = [text = std::move(metrics_text)](const http::Request&) {
    return Page(text(), "text/plain; version=0.0.4; charset=utf-8");
  };
  const auto openapi = [document = native::OpenApiDocument()](const http::Request&) {
    return Page(document);
  };
  return {{"GET", "/healthz", healthy, NativeHttpError},
          {"GET", "/readyz", ready, NativeHttpError},
          {"GET", "/metrics", metrics, NativeHttpError},
          {"GET", "/openapi.json", openapi, NativeHttpError}};
}

}  // namespace campaigner::gateway

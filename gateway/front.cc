#include "gateway/front.h"

#include <chrono>
#include <optional>
#include <utility>

#include "gateway/errors.h"
#include "gateway/http/serve_on_thread.h"
#include "gateway/limits.h"

namespace campaigner::gateway {
namespace {

// The label of requests without a route.
constexpr const char* kNoRoute = "none";

// The names that get series of their own; a client may invent any number of others.
std::string MethodLabel(std::string_view method) {
  for (const std::string_view known : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}) {
    if (method == known) return std::string(known);
  }
  return "other";
}

const std::string& RouteLabel(const http::Router::Match& match) {
  static const std::string* const kNone = new std::string(kNoRoute);
  if (match.route != nullptr) return match.route->pattern;
  return match.other_method != nullptr ? match.other_method->pattern : *kNone;
}

}  // namespace

Front::Front(http::Router router, ClientAddress client_address, http::TaskPool& tasks,
             Metrics& metrics)
    : router_(std::move(router)),
      client_address_(std::move(client_address)),
      tasks_(tasks),
      metrics_(metrics) {}

// Counts the answer, and speaks the route's dialect where its handler failed to answer.
http::Responder Front::Counted(const http::Request& request, const http::Router::Match& match,
                               http::Responder respond) {
  metrics_.RequestBegins();
  const auto begin = std::chrono::steady_clock::now();
  const http::FormatError format_error =
      match.route != nullptr ? match.route->format_error : NativeHttpError;
  return http::Responder(
      [this, begin, format_error, label = &RouteLabel(match), method = MethodLabel(request.method),
       respond = std::move(respond)](std::optional<http::Response> response) mutable {
        if (!response) response = format_error(500, "internal error");
        metrics_.RequestEnds();
        metrics_.Count(*label, method, response->status,
                       absl::FromChrono(std::chrono::steady_clock::now() - begin));
        respond(*std::move(response));
      });
}

void Front::Handle(http::Request request, http::Responder respond) {
  http::Router::Match match = router_.Find(request.method, request.path());
  http::Responder counted = Counted(request, match, std::move(respond));
  if (match.route == nullptr) {
    if (match.other_method == nullptr)
      return counted(NativeHttpError(404, http::ReasonPhrase(404)));
    http::Response refusal = match.other_method->format_error(405, http::ReasonPhrase(405));
    refusal.headers.emplace_back("Allow", match.allowed_methods);
    return counted(std::move(refusal));
  }
  request.path_variables = std::move(match.variables);
  request.client_address = client_address_.Of(request);
  if (request.body.size() <= limits::kInlineBodyBytesMax) {
    return match.route->serve(std::move(request), std::move(counted));
  }
  http::ServeOnThread(tasks_, match.route->format_error, std::move(request), std::move(counted),
                      match.route->serve);
}

bool Front::TakesStream(std::string_view method, std::string_view target) {
  return router_.TakesStream(method, target.substr(0, target.find('?')));
}

std::unique_ptr<http::BodySink> Front::HandleStream(http::Request request, http::Resume resume,
                                                    http::Responder respond) {
  const http::Router::Match match = router_.Find(request.method, request.path());
  http::Responder counted = Counted(request, match, std::move(respond));
  request.client_address = client_address_.Of(request);
  return match.route->serve_stream(std::move(request), std::move(resume), std::move(counted));
}

http::Response Front::Refuse(std::string_view method, std::string_view target, int status,
                             std::string_view message) {
  const auto match = router_.Find(method, target.substr(0, target.find('?')));
  const http::Route* route = match.route != nullptr ? match.route : match.other_method;
  metrics_.Count(RouteLabel(match), MethodLabel(method), status, absl::ZeroDuration());
  return (route != nullptr ? route->format_error : NativeHttpError)(status, message);
}

}  // namespace campaigner::gateway

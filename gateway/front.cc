#include "gateway/front.h"

#include <chrono>
#include <utility>

#include "gateway/errors.h"

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

Front::Front(http::Router router, ClientAddress client_address, Metrics& metrics)
    : router_(std::move(router)), client_address_(std::move(client_address)), metrics_(metrics) {}

http::Response Front::Handle(http::Request& request) {
  const auto begin = std::chrono::steady_clock::now();
  metrics_.RequestBegins();
  const http::Router::Match match = router_.Find(request.method, request.path());
  http::Response response;
  try {
    response = Serve(request, match);
  } catch (...) {
    metrics_.RequestEnds();
    throw;
  }
  metrics_.RequestEnds();
  metrics_.Count(RouteLabel(match), MethodLabel(request.method), response.status,
                 absl::FromChrono(std::chrono::steady_clock::now() - begin));
  return response;
}

http::Response Front::Serve(http::Request& request, const http::Router::Match& match) {
  if (match.route == nullptr) {
    if (match.other_method == nullptr) return NativeHttpError(404, http::ReasonPhrase(404));
    http::Response refusal = match.other_method->format_error(405, http::ReasonPhrase(405));
    refusal.headers.emplace_back("Allow", match.allowed_methods);
    return refusal;
  }
  request.path_variables = match.variables;
  request.client_address = client_address_.Of(request);
  return match.route->serve(request);
}

http::Response Front::Refuse(std::string_view method, std::string_view target, int status,
                             std::string_view message) {
  const auto match = router_.Find(method, target.substr(0, target.find('?')));
  const http::Route* route = match.route != nullptr ? match.route : match.other_method;
  metrics_.Count(RouteLabel(match), MethodLabel(method), status, absl::ZeroDuration());
  return (route != nullptr ? route->format_error : NativeHttpError)(status, message);
}

}  // namespace campaigner::gateway

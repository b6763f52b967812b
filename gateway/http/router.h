#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/message.h"

namespace campaigner::gateway::http {

// A path pattern, as in google.api.http: literal segments and variables of one segment,
// "/v1/campaigns/{campaign_id}:start". What follows a variable in its segment is literal too. A
// variable is never empty; without a literal behind it, it takes no ":".
class PathPattern {
 public:
  // INVALID_ARGUMENT: not such a pattern (also "**", "*" and variables of several segments).
  static absl::StatusOr<PathPattern> Parse(std::string_view pattern);

  // The variables' values, percent-decoded, or nothing. `path` is still encoded.
  std::optional<Parameters> Match(std::string_view path) const;
  bool has_variables() const { return has_variables_; }
  // Names of the variables, in order.
  std::vector<std::string> variables() const;

 private:
  struct Segment {
    std::string variable;  // Empty: `literal` is the whole segment.
    std::string literal;
  };
  std::vector<Segment> segments_;
  bool has_variables_ = false;
};

// An error in the words of one interface.
using FormatError = Response (*)(int status, std::string_view message);

// One row of the table of routes.
struct Route {
  std::string method;
  std::string pattern;
  // Serves the request, now or later. Must not block. Thread-safe.
  std::function<void(Request, Responder)> serve;
  // How the route's interface says what went wrong outside of `serve` (404 has no route).
  FormatError format_error = nullptr;
  // Instead of `serve`, for a pattern without variables: takes the body as it comes. As
  // Handler::HandleStream.
  std::function<std::unique_ptr<BodySink>(Request, Resume, Responder)> serve_stream = nullptr;
};

// Finds the route of a request. Immutable once made, so thread-safe. Literal patterns win over
// variables, earlier rows over later ones. HEAD finds what GET does.
class Router {
 public:
  // INVALID_ARGUMENT names the pattern that is none, or has variables and takes streams.
  static absl::StatusOr<Router> Make(std::vector<Route> routes);

  struct Match {
    // nullptr: nothing at this path and method.
    const Route* route = nullptr;
    Parameters variables;
    // Where only the method is wrong: any route of the path, and the methods it has ("GET, HEAD,
    // POST").
    const Route* other_method = nullptr;
    std::string allowed_methods;
  };
  Match Find(std::string_view method, std::string_view path) const;
  // Whether Find leads to a route that takes the body as it comes. Cheap: every request asks.
  bool TakesStream(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return *routes_; }

 private:
  struct Compiled {
    PathPattern pattern;
    const Route* route;
  };

  static void Consider(const Route& route, std::string_view method, Match& match);

  std::shared_ptr<const std::vector<Route>> routes_;
  // Views into routes_.
  std::unordered_map<std::string_view, std::vector<const Route*>> literal_;
  std::vector<Compiled> variable_;
};

}  // namespace campaigner::gateway::http

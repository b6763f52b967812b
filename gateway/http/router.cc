#include "gateway/http/router.h"

#include <algorithm>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gateway/http/uri.h"
#include "server/base/status_macros.h"

namespace campaigner::gateway::http {
namespace {

// Cuts the first segment off a path that begins with "/".
std::string_view NextSegment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

absl::StatusOr<PathPattern> PathPattern::Parse(std::string_view pattern) {
  const auto error = [pattern] {
    return absl::InvalidArgumentError(fmt::format("no path pattern: {}", pattern));
  };
  if (!pattern.starts_with('/')) return error();
  PathPattern parsed;
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const std::string_view text = NextSegment(rest);
    Segment segment;
    if (text.starts_with('{')) {
      const size_t end = text.find('}');
      if (end == text.npos || end == 1) return error();
      segment.variable = text.substr(1, end - 1);
      segment.literal = text.substr(end + 1);
      parsed.has_variables_ = true;
    } else {
      segment.literal = text;
    }
    if (segment.variable.find_first_of("{=*") != std::string::npos ||
        segment.literal.find_first_of("{}*") != std::string::npos) {
      return error();
    }
    parsed.segments_.push_back(std::move(segment));
  }
  return parsed;
}

std::optional<Parameters> PathPattern::Match(std::string_view path) const {
  Parameters variables;
  for (const Segment& segment : segments_) {
    if (!path.starts_with('/')) return std::nullopt;
    std::string_view text = NextSegment(path);
    if (segment.variable.empty()) {
      if (text != segment.literal) return std::nullopt;
      continue;
    }
    if (text.size() <= segment.literal.size() || !text.ends_with(segment.literal)) {
      return std::nullopt;
    }
    text.remove_suffix(segment.literal.size());
    if (segment.literal.empty() && text.find(':') != text.npos) return std::nullopt;
    std::optional<std::string> value = PercentDecode(text, false);
    if (!value) return std::nullopt;
    variables.emplace_back(segment.variable, *std::move(value));
  }
  if (!path.empty()) return std::nullopt;
  return variables;
}

std::vector<std::string> PathPattern::variables() const {
  std::vector<std::string> names;
  for (const Segment& segment : segments_) {
    if (!segment.variable.empty()) names.push_back(segment.variable);
  }
  return names;
}

absl::StatusOr<Router> Router::Make(std::vector<Route> routes) {
  Router router;
  router.routes_ = std::make_shared<const std::vector<Route>>(std::move(routes));
  for (const Route& route : *router.routes_) {
    ASSIGN_OR_RETURN(PathPattern pattern, PathPattern::Parse(route.pattern));
    if (pattern.has_variables()) {
      if (route.serve_stream) {
        return absl::InvalidArgumentError(
            fmt::format("a pattern with variables takes no stream: {}", route.pattern));
      }
      router.variable_.push_back({std::move(pattern), &route});
    } else {
      router.literal_[route.pattern].push_back(&route);
    }
  }
  return router;
}

void Router::Consider(const Route& route, std::string_view method, Match& match) {
  if (match.route != nullptr) return;
  if (route.method == method || (method == "HEAD" && route.method == "GET")) {
    match.route = &route;
    return;
  }
  match.other_method = &route;
  if (!match.allowed_methods.empty()) match.allowed_methods += ", ";
  match.allowed_methods += route.method == "GET" ? "GET, HEAD" : route.method;
}

bool Router::TakesStream(std::string_view method, std::string_view path) const {
  const auto found = literal_.find(path);
  return found != literal_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [method](const Route* route) {
           return route->method == method && route->serve_stream;
         });
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  if (const auto found = literal_.find(path); found != literal_.end()) {
    for (const Route* route : found->second) Consider(*route, method, match);
    return match;
  }
  for (const Compiled& compiled : variable_) {
    std::optional<Parameters> variables = compiled.pattern.Match(path);
    if (!variables) continue;
    Consider(*compiled.route, method, match);
    if (match.route != nullptr) {
      match.variables = *std::move(variables);
      break;
    }
  }
  return match;
}

}  // namespace campaigner::gateway::http

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace campaigner::gateway::http {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// One request, wholly read. A plain value.
struct Request {
  std::string method;
  // Path and query as they were sent, percent-encoding included.
  std::string target;
  // In the order in which they came; names as written.
  Parameters headers;
  std::string body;
  // The client's address: the connection's, or what a trusted proxy says.
  std::string client_address;
  // What the route's variables stand for, decoded, in the pattern's order. Set by the router.
  Parameters path_variables;

  // The target without its query, still encoded.
  std::string_view path() const;
  // What follows the first "?", still encoded.
  std::string_view query() const;
  // The first header of that name (case does not matter), or nothing.
  std::optional<std::string_view> Header(std::string_view name) const;
  // The path variable of that name; empty if there is none.
  std::string_view Variable(std::string_view name) const;
};

// Takes pieces of an answer as they arise. False: the client is gone, stop.
using Sink = std::function<bool(std::string_view piece)>;

// One answer. A plain value.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Parameters headers;
  // Instead of a body: called once, writes pieces to the sink until it returns.
  std::function<void(const Sink& sink)> stream;
};

// A Retry-After header, in whole seconds, at least one.
void SetRetryAfter(Response& response, absl::Duration after);

// "Not Found" for 404.
std::string_view ReasonPhrase(int status);

// What serves requests. Thread-safe: called from many connections at once.
class Handler {
 public:
  virtual ~Handler() = default;
  // May block, with a deadline of its own.
  virtual Response Handle(Request& request) = 0;
  // What is answered to a request that the server itself refuses. `target` is empty where it never
  // came.
  virtual Response Refuse(std::string_view method, std::string_view target, int status,
                          std::string_view message) = 0;
};

}  // namespace campaigner::gateway::http

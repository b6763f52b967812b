#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace campaigner::gateway::http {

// What the head of a request (its line and headers) says about how to go on.
struct HeadCheck {
  // 0: go on. Else what to answer before closing the connection, and why.
  int refusal_status = 0;
  std::string_view refusal;
  std::string_view method;
  // Path and query, also of an absolute target (http://host/path). Empty if the line is broken.
  std::string_view target;
  // HTTP/1.0: knows no chunks.
  bool is_old = false;
  // The client sends nothing after this request.
  bool wants_close = false;
  // The body's route takes it as it comes: then it may be larger, and chunked.
  bool is_streamed = false;
  // Without Content-Length: how long the body is, its chunks say.
  bool is_chunked = false;
  size_t content_length = 0;
  bool expects_continue = false;
  // As written.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

// Whether the route of this method and target takes its body as it comes.
using TakesStream = std::function<bool(std::string_view method, std::string_view target)>;

// Reads a head, from the request line to the empty line at its end, and refuses what RFC 9112
// forbids or nobody here takes: several or odd lengths (request smuggling), Transfer-Encoding (but
// for "chunked" where `takes_stream` says so), packed bodies, folded headers, control characters,
// too many headers. Nobody looks at a head again after this: what it lets pass is served. Views
// point into `head`. Pure.
HeadCheck CheckHead(std::string_view head, const TakesStream& takes_stream = {});

}  // namespace campaigner::gateway::http

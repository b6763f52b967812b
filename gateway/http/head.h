#pragma once

#include <cstddef>
#include <functional>
#include <string>
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
  // Empty if the request line is broken.
  std::string_view target;
  // The body's route takes it as it comes: then it may be larger, and chunked.
  bool is_streamed = false;
  // Without Content-Length: how long the body is, its chunks say.
  bool is_chunked = false;
  size_t content_length = 0;
  bool expects_continue = false;
  // As written: the library would undo percent-encoding in the values.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

// Whether the route of this method and target takes its body as it comes.
using TakesStream = std::function<bool(std::string_view method, std::string_view target)>;

// Checks a head, from the request line to the empty line at its end, before the HTTP library sees
// it, against what RFC 9112 forbids and what the library would let pass: several or odd lengths
// (request smuggling), Transfer-Encoding (but for "chunked" where `takes_stream` says so), packed
// bodies, folded headers, control characters, too many headers. Headers that the library would act
// on, and we do not want (Range, Accept-Encoding), are renamed in place. Views point into `head`.
// Pure.
HeadCheck CheckHead(std::string& head, const TakesStream& takes_stream = {});

}  // namespace campaigner::gateway::http

#pragma once

#include <httplib.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/message.h"

namespace campaigner::gateway::http {

// Turns answers into the bytes of HTTP/1.1 by cpp-httplib: persistence, HEAD, chunks and the
// versions of the protocol are the library's part. It reads the head, which was checked before
// (head.h), and never a socket; its routing by regular expressions is never reached, the
// pre-routing handler answers all. For one thread.
class ResponseWriter : private httplib::Server {
 public:
  // `idle`: what the answers announce as keep-alive timeout.
  explicit ResponseWriter(absl::Duration idle);

  // Writes the answer to the request with this head to `sink`: a whole one in few large pieces, a
  // streamed one piece by piece as it arises. `is_closing`: tell the client that the connection
  // ends. False: it ends with this answer, as either side wants, or the sink gave up.
  bool Write(std::string_view head, Response response, bool is_closing, const Sink& sink);

 private:
  void Fill(Response response, httplib::Response& out);

  Response response_;
};

// An answer to what could not be read as a request, after which the connection ends.
std::string FinalAnswer(const Response& response);

}  // namespace campaigner::gateway::http

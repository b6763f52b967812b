#pragma once

#include <httplib.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/head.h"
#include "gateway/http/message.h"

namespace campaigner::gateway::http {

// Turns answers into the bytes of HTTP/1.1 by cpp-httplib: persistence, HEAD and chunks are the
// library's part. It reads a head of ours instead of the client's, which it would judge a second
// time, when the request is already served; and never a socket. Its routing by regular expressions
// is never reached, the pre-routing handler answers all. For one thread.
class ResponseWriter : private httplib::Server {
 public:
  // `idle`: what the answers announce as keep-alive timeout.
  explicit ResponseWriter(absl::Duration idle);

  // Writes the answer to the request with this head to `sink`: a whole one in few large pieces, a
  // streamed one piece by piece as it arises, to HTTP/1.0 without chunks. `is_closing`: tell the
  // client that the connection ends. False: it ends with this answer, as either side wants, or the
  // sink gave up.
  bool Write(const HeadCheck& head, Response response, bool is_closing, const Sink& sink);

 private:
  void Fill(httplib::Response& out);
  void FillStream(httplib::Response& out);

  // Of the answer that is being written.
  Response response_;
  bool is_old_ = false;
  bool is_closing_ = false;
};

// An answer to what could not be read as a request, after which the connection ends.
std::string FinalAnswer(const Response& response);

}  // namespace campaigner::gateway::http

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/http/head.h"
#include "gateway/http/message.h"

namespace campaigner::gateway::http {

// Takes the bytes of one connection apart into requests, within the bounds of gateway/limits.h. No
// I/O, no time. Not thread-safe.
class RequestReader {
 public:
  enum class Phase {
    kIdle,      // Nothing of the next request is there.
    kHead,      // A part of its head.
    kBody,      // Its head, and a part of its body.
    kComplete,  // All of it.
    kRefused,   // What came is not to be served: see refusal_status.
  };

  // Takes what was received.
  void Append(std::string_view bytes);
  Phase phase() const { return phase_; }

  // From kBody on, also where kRefused (then as far as the head could be read). Views stay until
  // Next.
  const HeadCheck& check() const { return check_; }
  int refusal_status() const { return check_.refusal_status; }
  std::string_view refusal() const { return check_.refusal; }
  // The head as the HTTP library may read it.
  const std::string& head() const { return head_; }
  // Bytes of the body that are there.
  size_t body_bytes() const { return body_.size(); }

  // In kComplete: the request, without client_address. Once.
  Request Take();
  // Goes on to the next request, which may be there already. After kComplete.
  void Next();

 private:
  void Advance();
  void ReadHead();
  void Refuse(int status, std::string_view why);

  Phase phase_ = Phase::kIdle;
  // Received and not yet part of a head or body: pipelined requests wait here.
  std::string received_;
  // Where the search for the head's end goes on.
  size_t searched_ = 0;
  std::string head_;
  HeadCheck check_;
  std::string body_;
};

}  // namespace campaigner::gateway::http

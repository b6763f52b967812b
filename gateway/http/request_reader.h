#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/body_decoder.h"
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
    kStream,    // Its head; the body is to be taken as it comes, by TakeBody.
    kComplete,  // All of it.
    kRefused,   // What came is not to be served: see refusal_status.
  };

  // `takes_stream` answers for each head whether its body is streamed.
  explicit RequestReader(TakesStream takes_stream = {}) : takes_stream_(std::move(takes_stream)) {}

  // Takes what was received. In kStream the caller sees to it that TakeBody keeps up.
  void Append(std::string_view bytes);
  Phase phase() const { return phase_; }

  // From kBody on, also where kRefused (then as far as the head could be read). Views stay until
  // Next.
  const HeadCheck& check() const { return check_; }
  int refusal_status() const { return check_.refusal_status; }
  std::string_view refusal() const { return check_.refusal; }
  // Bytes of the body that are there.
  size_t body_bytes() const { return body_.size(); }

  // In kComplete: the request, without client_address. Once. In kStream: the same without its body.
  Request Take();
  // In kStream: what is there of the body, and then kComplete, or kRefused where its chunks break
  // the rules.
  std::string TakeBody();
  // Goes on to the next request, which may be there already. After kComplete.
  void Next();

 private:
  void Advance();
  void ReadHead();
  void Refuse(int status, std::string_view why);

  const TakesStream takes_stream_;
  Phase phase_ = Phase::kIdle;
  // Received and not yet part of a head or body: pipelined requests wait here.
  std::string received_;
  // Where the search for the head's end goes on.
  size_t searched_ = 0;
  std::string head_;
  HeadCheck check_;
  std::string body_;
  BodyDecoder decoder_;
};

}  // namespace campaigner::gateway::http

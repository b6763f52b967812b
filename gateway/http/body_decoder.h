#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace campaigner::gateway::http {

// Finds a body in the bytes of a connection, by its length or by its chunks (RFC 9112, 7.1), piece
// by piece. Keeps nothing of it. Strict: lines end with CR LF, sizes are plain hexadecimal numbers;
// extensions and trailers are bounded and dropped. No I/O. Not thread-safe.
class BodyDecoder {
 public:
  // An empty body.
  BodyDecoder() = default;
  static BodyDecoder OfLength(size_t length);
  // 413 as soon as the chunks announce more than `bytes_max`.
  static BodyDecoder Chunked(size_t bytes_max);

  // Takes what belongs to the body off the front of `received` and answers the part of it that is
  // content. What is left there is the begin of a line, or of what follows the body.
  std::string Decode(std::string& received);

  // The body ended; nothing more is taken.
  bool is_whole() const { return state_ == State::kWhole; }
  // 0, or why the rest cannot be read.
  int refusal_status() const { return refusal_status_; }
  std::string_view refusal() const { return refusal_; }

 private:
  enum class State { kSizeLine, kContent, kContentEnd, kTrailers, kWhole, kBroken };

  // Each takes what it can from `received` at `position`. False: more is needed, or it is over.
  bool TakeSizeLine(std::string_view received, size_t& position);
  bool TakeContent(std::string_view received, size_t& position, std::string& content);
  bool TakeContentEnd(std::string_view received, size_t& position);
  bool TakeTrailers(std::string_view received, size_t& position);
  bool Refuse(int status, std::string_view why);

  State state_ = State::kWhole;
  bool is_chunked_ = false;
  // Of the body or the chunk, still to come.
  size_t left_ = 0;
  // What further chunks may bring.
  size_t allowed_ = 0;
  size_t trailer_bytes_ = 0;
  int refusal_status_ = 0;
  std::string_view refusal_;
};

}  // namespace campaigner::gateway::http

#include "gateway/http/body_decoder.h"

#include <algorithm>
#include <charconv>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr int kHexadecimal = 16;

}  // namespace

BodyDecoder BodyDecoder::OfLength(size_t length) {
  BodyDecoder decoder;
  decoder.left_ = length;
  decoder.state_ = length > 0 ? State::kContent : State::kWhole;
  return decoder;
}

BodyDecoder BodyDecoder::Chunked(size_t bytes_max) {
  BodyDecoder decoder;
  decoder.is_chunked_ = true;
  decoder.allowed_ = bytes_max;
  decoder.state_ = State::kSizeLine;
  return decoder;
}

std::string BodyDecoder::Decode(std::string& received) {
  std::string content;
  size_t position = 0;
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::kSizeLine: goes_on = TakeSizeLine(received, position); break;
      case State::kContent: goes_on = TakeContent(received, position, content); break;
      case State::kContentEnd: goes_on = TakeContentEnd(received, position); break;
      case State::kTrailers: goes_on = TakeTrailers(received, position); break;
      case State::kWhole:
      case State::kBroken: goes_on = false;
    }
  }
  received.erase(0, position);
  return content;
}

bool BodyDecoder::TakeSizeLine(std::string_view received, size_t& position) {
  const std::string_view rest = received.substr(position);
  const size_t end = rest.substr(0, limits::kChunkLineBytesMax).find(kLineEnd);
  if (end == rest.npos) {
    return rest.size() >= limits::kChunkLineBytesMax &&
           Refuse(400, "the line of a chunk is too long");
  }
  const std::string_view line = rest.substr(0, end);
  const auto [behind, error] =
      std::from_chars(line.data(), line.data() + line.size(), left_, kHexadecimal);
  const std::string_view extension = line.substr(static_cast<size_t>(behind - line.data()));
  const bool is_size = error != std::errc::invalid_argument &&
                       (extension.empty() || extension.find_first_of("; \t") == 0) &&
                       extension.find_first_of("\r\n") == extension.npos;
  if (!is_size) return Refuse(400, "the size of a chunk is not a number");
  if (error != std::errc() || left_ > allowed_) return Refuse(413, "the body is larger than 2 GiB");
  allowed_ -= left_;
  position += end + kLineEnd.size();
  state_ = left_ > 0 ? State::kContent : State::kTrailers;
  return true;
}

bool BodyDecoder::TakeContent(std::string_view received, size_t& position, std::string& content) {
  const std::string_view piece = received.substr(position, left_);
  content.append(piece);
  position += piece.size();
  left_ -= piece.size();
  if (left_ > 0) return false;
  state_ = is_chunked_ ? State::kContentEnd : State::kWhole;
  return true;
}

bool BodyDecoder::TakeContentEnd(std::string_view received, size_t& position) {
  const std::string_view end = received.substr(position, kLineEnd.size());
  if (end != kLineEnd.substr(0, end.size())) return Refuse(400, "a chunk is longer than its size");
  if (end.size() < kLineEnd.size()) return false;
  position += kLineEnd.size();
  state_ = State::kSizeLine;
  return true;
}

bool BodyDecoder::TakeTrailers(std::string_view received, size_t& position) {
  const std::string_view rest = received.substr(position);
  const size_t end = rest.find(kLineEnd);
  // Without a line end, the last byte may be the begin of one.
  const size_t line_bytes = std::min(end, rest.size() - std::min<size_t>(rest.size(), 1));
  if (trailer_bytes_ + line_bytes > limits::kTrailerBytesMax) {
    return Refuse(400, "the lines after the last chunk are too long");
  }
  if (end == rest.npos) return false;
  trailer_bytes_ += end + kLineEnd.size();
  position += end + kLineEnd.size();
  if (end == 0) state_ = State::kWhole;
  return true;
}

bool BodyDecoder::Refuse(int status, std::string_view why) {
  state_ = State::kBroken;
  refusal_status_ = status;
  refusal_ = why;
  return false;
}

}  // namespace campaigner::gateway::http

#include "gateway/http/request_reader.h"

#include <algorithm>
#include <utility>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
// Buffers that grew larger for one request are given back after it.
constexpr size_t kKeptBytesMax = 4096;

void Empty(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptBytesMax) buffer.shrink_to_fit();
}

}  // namespace

void RequestReader::Append(std::string_view bytes) {
  if (phase_ == Phase::kBody) {
    const size_t count = std::min(bytes.size(), check_.content_length - body_.size());
    body_.append(bytes, 0, count);
    bytes.remove_prefix(count);
  }
  received_.append(bytes);
  Advance();
}

void RequestReader::Advance() {
  if (phase_ == Phase::kIdle) {
    // Empty lines before a request line are allowed.
    received_.erase(0, std::min(received_.find_first_not_of(kLineEnd), received_.size()));
    if (!received_.empty()) phase_ = Phase::kHead;
  }
  if (phase_ == Phase::kHead) ReadHead();
  if (phase_ == Phase::kBody && body_.size() == check_.content_length) phase_ = Phase::kComplete;
}

void RequestReader::ReadHead() {
  const size_t end = received_.find(kHeadEnd, searched_);
  if (end != std::string::npos && end + kHeadEnd.size() <= limits::kHeadBytesMax) {
    head_.assign(received_, 0, end + kHeadEnd.size());
    check_ = CheckHead(head_, takes_stream_);
    if (check_.refusal_status != 0) {
      phase_ = Phase::kRefused;
      return;
    }
    if (check_.is_streamed) {
      received_.erase(0, head_.size());
      decoder_ = check_.is_chunked ? BodyDecoder::Chunked(limits::kStreamedBodyBytesMax)
                                   : BodyDecoder::OfLength(check_.content_length);
      phase_ = Phase::kStream;
      return;
    }
    body_.assign(received_, head_.size(), check_.content_length);
    received_.erase(0, head_.size() + body_.size());
    phase_ = Phase::kBody;
    return;
  }
  if (received_.size() > limits::kHeadBytesMax) {
    // Its first line may still tell which dialect to answer in.
    const size_t line_end = received_.find(kLineEnd);
    head_.assign(received_, 0, line_end == std::string::npos ? 0 : line_end + kLineEnd.size());
    check_ = CheckHead(head_);
    const bool is_line = check_.target.empty();
    Refuse(is_line ? 414 : 431, is_line ? "the address is too long" : "headers too long");
    return;
  }
  searched_ = received_.size() - std::min(received_.size(), kHeadEnd.size() - 1);
}

void RequestReader::Refuse(int status, std::string_view why) {
  check_.refusal_status = status;
  check_.refusal = why;
  phase_ = Phase::kRefused;
}

Request RequestReader::Take() {
  Request request;
  request.method = check_.method;
  request.target = check_.target;
  request.headers.reserve(check_.headers.size());
  for (const auto& [name, value] : check_.headers) request.headers.emplace_back(name, value);
  request.body = std::exchange(body_, {});
  return request;
}

std::string RequestReader::TakeBody() {
  std::string piece = decoder_.Decode(received_);
  if (decoder_.refusal_status() != 0) {
    Refuse(decoder_.refusal_status(), decoder_.refusal());
  } else if (decoder_.is_whole()) {
    phase_ = Phase::kComplete;
  }
  return piece;
}

void RequestReader::Next() {
  phase_ = Phase::kIdle;
  searched_ = 0;
  check_ = HeadCheck();
  body_.clear();
  Empty(head_);
  if (received_.empty()) Empty(received_);
  Advance();
}

}  // namespace campaigner::gateway::http

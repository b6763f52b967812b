#include <algorithm>
#include <string>

#include "gateway/http/body_decoder.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;
using campaigner::gateway::http::BodyDecoder;

namespace {

constexpr size_t kBytesMax = 1000;

// What comes out of `bytes`, fed in pieces of `piece` bytes: content, what follows it, the refusal.
std::string Decode(std::string_view bytes, size_t piece) {
  BodyDecoder decoder = BodyDecoder::Chunked(kBytesMax);
  std::string content;
  std::string left;
  while (!bytes.empty() && decoder.refusal_status() == 0) {
    left += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    content += decoder.Decode(left);
  }
  Require(content.size() <= kBytesMax);
  if (decoder.is_whole()) content += "\n" + left + std::string(bytes);
  return content + "\n" + std::to_string(decoder.refusal_status());
}

}  // namespace

// However the network cuts a chunked body, the same comes out of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  if (text.empty()) return 0;
  const size_t piece = 1 + static_cast<unsigned char>(text[0]) % 64;
  const std::string_view bytes = text.substr(1);
  Require(Decode(bytes, piece) == Decode(bytes, std::max<size_t>(1, bytes.size())));
  return 0;
}

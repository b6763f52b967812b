#include <algorithm>
#include <string>

#include "gateway/http/multipart.h"
#include "gateway/limits.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;
using campaigner::gateway::http::FormPart;
using campaigner::gateway::http::FormVisitor;
using campaigner::gateway::http::MultipartParser;

namespace {

class Recorder final : public FormVisitor {
 public:
  void OnPart(const FormPart& part) override {
    Require(!part.name.empty());
    seen += "\n" + part.name + "|" + part.file_name + "|" + part.content_type + "|";
  }
  void OnData(std::string_view piece) override {
    Require(!piece.empty() && !seen.empty());
    seen += piece;
  }
  std::string seen;
};

// What comes out of `bytes`, fed in pieces of `piece` bytes: the parts, the end, the error.
std::string Parse(std::string_view bytes, size_t piece) {
  Recorder recorder;
  MultipartParser parser("b", recorder);
  while (!bytes.empty()) {
    parser.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return recorder.seen + (parser.is_complete() ? "!" : "?") + std::string(parser.error());
}

}  // namespace

// However the network cuts a form, the same parts come out of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  if (text.empty()) return 0;
  const size_t piece = 1 + static_cast<unsigned char>(text[0]) % 64;
  const std::string_view bytes = text.substr(1);
  Require(Parse(bytes, piece) == Parse(bytes, std::max<size_t>(1, bytes.size())));
  (void)campaigner::gateway::http::ParseHeaderValue(bytes);
  return 0;
}

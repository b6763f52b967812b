#include <algorithm>
#include <string>
#include <vector>

#include "gateway/http/request_reader.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;
using campaigner::gateway::http::Request;
using campaigner::gateway::http::RequestReader;

namespace {

// What comes out of `bytes`, fed in pieces of `piece` bytes: requests, and the refusal at the end.
std::vector<std::string> Read(std::string_view bytes, size_t piece) {
  RequestReader reader;
  std::vector<std::string> seen;
  while (!bytes.empty() && reader.phase() != RequestReader::Phase::kRefused) {
    reader.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (reader.phase() == RequestReader::Phase::kComplete) {
      const Request request = reader.Take();
      std::string line = request.method + " " + request.target + " " + request.body;
      for (const auto& [name, value] : request.headers) line += "\n" + name + ":" + value;
      seen.push_back(std::move(line));
      reader.Next();
    }
  }
  seen.push_back(std::to_string(reader.refusal_status()));
  return seen;
}

}  // namespace

// However the network cuts a connection's bytes, the same requests come out of them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  if (text.empty()) return 0;
  const size_t piece = 1 + static_cast<unsigned char>(text[0]) % 64;
  const std::string_view bytes = text.substr(1);
  Require(Read(bytes, piece) == Read(bytes, std::max<size_t>(1, bytes.size())));
  return 0;
}

#include "gateway/http/body_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

struct Decoded {
  std::string content;
  std::string left;
  bool is_whole = false;
  int refusal_status = 0;
  bool operator==(const Decoded&) const = default;
};

// What comes out of `bytes`, fed in pieces of `piece` bytes.
Decoded Decode(BodyDecoder decoder, std::string_view bytes, size_t piece) {
  Decoded decoded;
  for (size_t begin = 0; begin < bytes.size(); begin += piece) {
    decoded.left += bytes.substr(begin, piece);
    decoded.content += decoder.Decode(decoded.left);
  }
  decoded.is_whole = decoder.is_whole();
  decoded.refusal_status = decoder.refusal_status();
  return decoded;
}

Decoded Decode(BodyDecoder decoder, std::string_view bytes) {
  return Decode(decoder, bytes, bytes.size());
}

BodyDecoder Chunked() { return BodyDecoder::Chunked(1'000'000); }

TEST(BodyDecoderTest, TakesItsLengthAndNoMore) {
  EXPECT_EQ(Decode(BodyDecoder::OfLength(5), "helloGET /"), (Decoded{"hello", "GET /", true, 0}));
  EXPECT_EQ(Decode(BodyDecoder::OfLength(0), "GET /"), (Decoded{"", "GET /", true, 0}));
  EXPECT_EQ(Decode(BodyDecoder::OfLength(9), "hello"), (Decoded{"hello", "", false, 0}));
}

// However the bytes are cut, the same body comes out.
TEST(BodyDecoderTest, CutsDoNotMatter) {
  const std::string bytes =
      "5\r\nhello\r\n0a;name=\"x\"\r\n, w\r\nrld!!\r\n000\r\nTrailer: x\r\n\r\nGET /";
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(Decode(Chunked(), bytes, piece), (Decoded{"hello, w\r\nrld!!", "GET /", true, 0}))
        << piece;
  }
}

TEST(BodyDecoderTest, RefusesBrokenChunks) {
  for (const std::string& bytes :
       {std::string("x\r\n"), std::string("\r\n"), std::string("-1\r\n"), std::string("0x5\r\n"),
        std::string(" 5\r\nhello\r\n"), std::string("5\nhello\r\n0\r\n\r\n\r\n"),
        std::string("5\r\nhello0\r\n\r\n"), std::string("5\r\nhello\n0\r\n\r\n"),
        std::string("5 x\rhello\r\n"), "5;" + std::string(limits::kChunkLineBytesMax, 'x'),
        "0\r\n" + std::string(limits::kTrailerBytesMax + 2, 'x')}) {
    for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) {
      const Decoded decoded = Decode(Chunked(), bytes, piece);
      EXPECT_EQ(decoded.refusal_status, 400) << bytes.substr(0, 20) << " in " << piece;
      EXPECT_FALSE(decoded.is_whole);
    }
  }
}

TEST(BodyDecoderTest, RefusesTooMuchWhenItIsAnnounced) {
  EXPECT_EQ(Decode(Chunked(), "f4241\r\n").refusal_status, 413);
  EXPECT_EQ(Decode(Chunked(), "fffffffffffffffffffffff\r\n").refusal_status, 413);
  EXPECT_EQ(Decode(Chunked(), "f4240\r\n").refusal_status, 0);
  EXPECT_EQ(Decode(BodyDecoder::Chunked(9), "5\r\nhello\r\n5\r\n").refusal_status, 413);
}

TEST(BodyDecoderTest, TrailersAreBoundedInSum) {
  std::string bytes = "0\r\n";
  while (bytes.size() <= limits::kTrailerBytesMax + 4) bytes += "a: b\r\n";
  EXPECT_EQ(Decode(Chunked(), bytes).refusal_status, 400);
}

}  // namespace
}  // namespace campaigner::gateway::http

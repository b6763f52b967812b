#include "gateway/http/request_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

using Phase = RequestReader::Phase;
using ::testing::ElementsAre;

constexpr char kPost[] = "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";
constexpr char kGet[] = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(RequestReaderTest, TellsHowFarItIs) {
  RequestReader reader;
  EXPECT_EQ(reader.phase(), Phase::kIdle);
  reader.Append("\r\n\r\n");
  EXPECT_EQ(reader.phase(), Phase::kIdle);
  reader.Append("P");
  EXPECT_EQ(reader.phase(), Phase::kHead);
  reader.Append("OST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(reader.phase(), Phase::kBody);
  EXPECT_TRUE(reader.check().expects_continue);
  reader.Append("x");
  EXPECT_EQ(reader.phase(), Phase::kBody);
  EXPECT_EQ(reader.body_bytes(), 1u);
  reader.Append("y");
  EXPECT_EQ(reader.phase(), Phase::kComplete);
}

// However the bytes are cut, the same requests come out.
TEST(RequestReaderTest, CutsDoNotMatter) {
  const std::string bytes = std::string(kPost) + "\r\n" + kGet + kPost;
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader;
    std::vector<std::string> seen;
    for (size_t begin = 0; begin < bytes.size(); begin += piece) {
      reader.Append(std::string_view(bytes).substr(begin, piece));
      while (reader.phase() == Phase::kComplete) {
        const Request request = reader.Take();
        seen.push_back(request.method + " " + request.target + " " + request.body);
        reader.Next();
      }
    }
    EXPECT_THAT(seen, ElementsAre("POST /a?b hello", "GET /next ", "POST /a?b hello")) << piece;
    EXPECT_EQ(reader.phase(), Phase::kIdle);
  }
}

TEST(RequestReaderTest, StreamedBodiesAreTakenAsTheyCome) {
  RequestReader reader([](std::string_view, std::string_view target) { return target == "/s"; });
  reader.Append("POST /s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
  ASSERT_EQ(reader.phase(), Phase::kStream);
  EXPECT_EQ(reader.Take().target, "/s");
  EXPECT_EQ(reader.TakeBody(), "he");
  EXPECT_EQ(reader.phase(), Phase::kStream);
  reader.Append(std::string("llo") + kPost);
  EXPECT_EQ(reader.TakeBody(), "llo");
  ASSERT_EQ(reader.phase(), Phase::kComplete);
  reader.Next();
  ASSERT_EQ(reader.phase(), Phase::kComplete);
  EXPECT_EQ(reader.Take().body, "hello");
}

TEST(RequestReaderTest, BrokenChunksAreRefused) {
  RequestReader reader([](std::string_view, std::string_view) { return true; });
  reader.Append(
      "POST /s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n");
  EXPECT_EQ(reader.TakeBody(), "abc");
  EXPECT_EQ(reader.phase(), Phase::kRefused);
  EXPECT_EQ(reader.refusal_status(), 400);
}

TEST(RequestReaderTest, HeadersAreTaken) {
  RequestReader reader;
  reader.Append(kPost);
  const Request request = reader.Take();
  EXPECT_EQ(request.Header("x"), "y");
  EXPECT_EQ(request.Header("content-length"), "5");
}

TEST(RequestReaderTest, RefusesWithWhatItCouldRead) {
  RequestReader reader;
  reader.Append("POST /t HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(reader.phase(), Phase::kRefused);
  EXPECT_EQ(reader.refusal_status(), 411);
  EXPECT_EQ(reader.check().target, "/t");
}

TEST(RequestReaderTest, HeadsAreBounded) {
  RequestReader endless;
  endless.Append(std::string(limits::kHeadBytesMax + 1, 'a'));
  EXPECT_EQ(endless.phase(), Phase::kRefused);
  EXPECT_EQ(endless.refusal_status(), 414);
  RequestReader many;
  std::string head = "GET /t HTTP/1.1\r\nHost: h\r\n";
  while (head.size() <= limits::kHeadBytesMax) head += "a: b\r\n";
  many.Append(head);
  EXPECT_EQ(many.refusal_status(), 431);
  EXPECT_EQ(many.check().target, "/t");
}

}  // namespace
}  // namespace campaigner::gateway::http

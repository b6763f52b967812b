#include "gateway/http/head.h"

#include <gmock/gmock.h>

#include <string>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

std::string Head(const std::string& headers) {
  return "POST /a?b=c HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
}

TEST(CheckHeadTest, ReadsWhatMatters) {
  std::string head = Head("Content-Length: 12\r\nExpect: 100-continue\r\nX: a%41 \r\n");
  const HeadCheck check = CheckHead(head);
  EXPECT_EQ(check.refusal_status, 0);
  EXPECT_EQ(check.method, "POST");
  EXPECT_EQ(check.target, "/a?b=c");
  EXPECT_EQ(check.content_length, 12u);
  EXPECT_TRUE(check.expects_continue);
  ASSERT_EQ(check.headers.size(), 4u);
  EXPECT_EQ(check.headers[3], std::make_pair(std::string_view("X"), std::string_view("a%41")));
}

// Of routes that take their body as it comes: "/a".
bool TakesStream(std::string_view method, std::string_view target) {
  return method == "POST" && target.starts_with("/a");
}

TEST(CheckHeadTest, StreamedBodiesMayBeLargeAndChunked) {
  std::string large = Head("Content-Length: 2147483648\r\n");
  const HeadCheck sized = CheckHead(large, TakesStream);
  EXPECT_EQ(sized.refusal_status, 0);
  EXPECT_TRUE(sized.is_streamed);
  EXPECT_FALSE(sized.is_chunked);
  EXPECT_EQ(sized.content_length, size_t{2} << 30);
  std::string chunked = Head("Transfer-Encoding: Chunked\r\n");
  EXPECT_TRUE(CheckHead(chunked, TakesStream).is_chunked);
  EXPECT_EQ(CheckHead(chunked, TakesStream).refusal_status, 0);
}

TEST(CheckHeadTest, StreamedBodiesHaveRulesToo) {
  const struct {
    std::string head;
    int status;
  } cases[] = {
      {Head("Content-Length: 2147549185\r\n"), 413},
      {Head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {Head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {Head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {Head("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {Head("Transfer-Encoding: identity\r\n"), 501},
      {"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
  };
  for (const auto& [head, status] : cases) {
    EXPECT_EQ(CheckHead(head, TakesStream).refusal_status, status) << head;
  }
}

TEST(CheckHeadTest, Refuses) {
  const struct {
    std::string head;
    int status;
  } cases[] = {
      {Head("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
      {Head("Content-Length: 1\r\ncontent-length: 2\r\n"), 400},
      {Head("Content-Length: -1\r\n"), 400},
      {Head("Content-Length: +1\r\n"), 400},
      {Head("Content-Length: 1, 1\r\n"), 400},
      {Head("Content-Length: 0x10\r\n"), 400},
      {Head("Content-Length:\r\n"), 400},
      {Head("Content-Length: 16777217\r\n"), 413},
      {Head("Content-Length: 99999999999999999999999999\r\n"), 413},
      {Head("Transfer-Encoding: chunked\r\n"), 411},
      {Head("transfer-encoding: identity\r\n"), 411},
      {Head("Content-Encoding: gzip\r\n"), 415},
      {Head("Host: a\r\nHost: b\r\n"), 400},
      {Head("Expect: something\r\n"), 417},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {Head("A: b\r\n folded\r\n"), 400},
      {Head("A : b\r\n"), 400},
      {Head("no colon\r\n"), 400},
      {Head(std::string("A: b\0c\r\n", 8)), 400},
      {Head("A: b\nContent-Length: 3\r\n"), 400},
      {Head("A: b\rB: c\r\n"), 400},
      {"GET / HTTP/2.0\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET http://elsewhere?a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET ftp://elsewhere/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"\r\n\r\n", 400},
      {"GET /" + std::string(limits::kTargetBytesMax, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
  };
  for (const auto& [head, status] : cases) {
    EXPECT_EQ(CheckHead(head).refusal_status, status) << head.substr(0, 80);
  }
}

TEST(CheckHeadTest, CountsHeaders) {
  std::string headers;
  // Head brings one more.
  for (size_t i = 1; i < limits::kHeadersMax; ++i) headers += "A: b\r\n";
  std::string head = Head(headers);
  EXPECT_EQ(CheckHead(head).refusal_status, 0);
  head = Head(headers + "A: b\r\n");
  EXPECT_EQ(CheckHead(head).refusal_status, 431);
}

TEST(CheckHeadTest, AbsoluteTargetsAreTheirPath) {
  const struct {
    std::string target;
    std::string path;
  } cases[] = {{"http://h/a?b", "/a?b"}, {"HTTPS://h:8/a", "/a"}, {"http://h", "/"}};
  for (const auto& [target, path] : cases) {
    const std::string head = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    const HeadCheck check = CheckHead(head);
    EXPECT_EQ(check.refusal_status, 0) << target;
    EXPECT_EQ(check.target, path);
  }
}

TEST(CheckHeadTest, SaysWhetherTheConnectionGoesOn) {
  const struct {
    std::string head;
    bool wants_close;
  } cases[] = {
      {Head(""), false},
      {Head("Connection: keep-alive\r\n"), false},
      {Head("Connection: Close\r\n"), true},
      {Head("Connection: TE , close\r\n"), true},
      {Head("Connection: closely\r\n"), false},
      {"GET / HTTP/1.0\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", true},
  };
  for (const auto& [head, wants_close] : cases) {
    const HeadCheck check = CheckHead(head);
    EXPECT_EQ(check.refusal_status, 0) << head;
    EXPECT_EQ(check.wants_close, wants_close) << head;
    EXPECT_EQ(check.is_old, head.find("1.0") != head.npos);
    // Nobody of HTTP/1.0 waits for it.
    EXPECT_FALSE(check.expects_continue);
  }
}

}  // namespace
}  // namespace campaigner::gateway::http

#include "gateway/http/multipart.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes down what it is given: a part in a line, then its content.
class Recorder final : public FormVisitor {
 public:
  void OnPart(const FormPart& part) override {
    parts.push_back(part.name + "|" + part.file_name + "|" + part.content_type + "|");
  }
  void OnData(std::string_view piece) override {
    EXPECT_FALSE(piece.empty());
    parts.back() += piece;
  }
  std::vector<std::string> parts;
};

struct Parsed {
  std::vector<std::string> parts;
  bool is_complete = false;
  std::string error;
  bool operator==(const Parsed&) const = default;
};

Parsed Parse(std::string_view body, size_t first_piece, size_t piece) {
  Recorder recorder;
  MultipartParser parser("b", recorder);
  parser.Append(body.substr(0, first_piece));
  for (size_t begin = first_piece; begin < body.size(); begin += piece) {
    parser.Append(body.substr(begin, piece));
  }
  return {recorder.parts, parser.is_complete(), std::string(parser.error())};
}

Parsed Parse(std::string_view body) { return Parse(body, body.size(), 1); }

std::string Part(const std::string& disposition, const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n";
}

std::optional<std::string> BoundaryOf(std::string_view content_type) {
  const auto parsed = ParseHeaderValue(content_type);
  return parsed ? MultipartParser::BoundaryOf(*parsed) : std::nullopt;
}

TEST(MultipartParserTest, BoundariesAreThoseOfTheRfc) {
  EXPECT_EQ(BoundaryOf("multipart/form-data; boundary=----WebKit7MA4"), "----WebKit7MA4");
  EXPECT_EQ(BoundaryOf("multipart/form-data; boundary=\"a b'()+_,-./:=?\""), "a b'()+_,-./:=?");
  EXPECT_TRUE(BoundaryOf("multipart/form-data; boundary=" + std::string(70, 'x')));
  for (const std::string& none :
       {"multipart/form-data; boundary=" + std::string(71, 'x'), std::string("multipart/form-data"),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/mixed; boundary=b"),
        std::string("multipart/form-data; boundary=\"a \""),
        std::string("multipart/form-data; boundary=\"a\xff\"")}) {
    EXPECT_FALSE(BoundaryOf(none)) << none;
  }
}

// A preamble, blanks behind a boundary, near misses of the boundary in the content, parts without
// content in both forms, an epilogue: at every position where the network may cut.
TEST(MultipartParserTest, CutsDoNotMatter) {
  const std::string body =
      "preamble --b\r\n" + Part("name=a", "1\r\n--\r\n--c\r\r\n-") +
      "--b \t\r\ncontent-type: text/csv \r\nX: y\r\nContent-Disposition: form-data; name=\"file\"; "
      "filename=\"f.csv\"\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\nx\r\n\r\n" +
      Part("name=empty", "") +
      "--b\r\nContent-Disposition: form-data; name=bare\r\n\r\n--b--rest\r\n--b";
  const Parsed expected{
      {"a|||1\r\n--\r\n--c\r\r\n-", "file|f.csv|text/csv|\r\nx\r\n", "empty|||", "bare|||"},
      true,
      ""};
  EXPECT_EQ(Parse(body), expected);
  for (size_t first = 0; first <= body.size(); ++first) {
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{5}, body.size()}) {
      ASSERT_EQ(Parse(body, first, piece), expected) << first << " " << piece;
    }
  }
}

TEST(MultipartParserTest, SaysWhatIsBroken) {
  const struct {
    std::string body;
    const char* error;
  } cases[] = {
      {"--b\r\n\r\ncontent\r\n--b--", "without a name"},
      {"--b\r\nContent-Type: text/csv\r\n\r\nx\r\n--b--", "without a name"},
      {"--b\r\nno colon\r\n\r\n", "broken header"},
      {"--b\r\nA: b\nContent-Disposition: form-data; name=a\r\n\r\n", "broken header"},
      {"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n", "broken Content-Disposition"},
      {"--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", "broken Content-Disposition"},
      {"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n", "plain bytes"},
      {"--bc\r\n", "text behind a boundary"},
      {"--b-\r\n", "text behind a boundary"},
      {"--b" + std::string(limits::kBoundaryBlanksMax + 1, ' '), "too many blanks"},
      {"--b\r\nA: " + std::string(limits::kPartHeadBytesMax, 'x'), "too long headers"},
  };
  for (const auto& [body, error] : cases) {
    const Parsed parsed = Parse(body);
    EXPECT_THAT(parsed.error, HasSubstr(error)) << body.substr(0, 80);
    EXPECT_EQ(Parse(body, 0, 1), parsed);
    EXPECT_FALSE(parsed.is_complete);
  }
}

TEST(MultipartParserTest, PartsAreBounded) {
  std::string body;
  for (size_t i = 0; i < limits::kPartsMax; ++i) body += Part("name=a", "");
  EXPECT_EQ(Parse(body + "--b--").parts.size(), limits::kPartsMax);
  EXPECT_THAT(Parse(body + Part("name=a", "")).error, HasSubstr("too many parts"));
}

TEST(MultipartParserTest, WhatEndsTooSoonIsNotComplete) {
  const std::string body = Part("name=a", "1") + "--b--";
  for (size_t size = 0; size < body.size(); ++size) {
    const Parsed parsed = Parse(body.substr(0, size));
    EXPECT_FALSE(parsed.is_complete) << size;
    EXPECT_EQ(parsed.error, "") << size;
  }
  EXPECT_THAT(Parse(body).parts, ElementsAre("a|||1"));
}

TEST(MultipartParserTest, AfterAnErrorNothingIsTaken) {
  Recorder recorder;
  MultipartParser parser("b", recorder);
  EXPECT_FALSE(parser.Append("--bc"));
  EXPECT_FALSE(parser.Append("\r\n" + Part("name=a", "1")));
  EXPECT_TRUE(recorder.parts.empty());
}

}  // namespace
}  // namespace campaigner::gateway::http

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "tests/golden/o3go_world.h"
#include "tests/support/raw_http.h"

// Recorded pairs, one folder per dialect: NAME.request goes to a real gateway with a real server
// behind it, and what comes back must be NAME.response. A request is its head, an empty line, and
// its body to the last byte (but a final newline, which editors like); {{name}} stands for what the
// dialect's world calls so; Content-Length is added. A response is the status, the headers that
// matter ("*": any value), an empty line, and the body. NAME.1, NAME.2 .. follow one another.
namespace campaigner::testing {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

struct Parts {
  std::string first_line;
  std::vector<std::string> headers;
  std::string body;
};

Parts Split(const std::string& text) {
  Parts parts;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) break;
    if (parts.first_line.empty()) {
      parts.first_line = line;
    } else {
      parts.headers.push_back(line);
    }
  }
  parts.body = rest;
  return parts;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(CAMPAIGNER_GOLDEN_DIR "/o3go")) {
    const std::string file = entry.path().filename();
    if (file.ends_with(".request")) names.push_back(file.substr(0, file.find('.')));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

class O3goGoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  // One world for all pairs: starting one takes longer than all of them.
  static void SetUpTestSuite() { world_ = new O3goWorld(); }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }
  static std::string Filled(const std::string& text) {
    return absl::StrReplaceAll(text, world_->names());
  }
  static O3goWorld* world_;
};
O3goWorld* O3goGoldenTest::world_ = nullptr;

// The pairs of one name, in order, without their extension.
std::vector<fs::path> Steps(const std::string& name) {
  const fs::path base = fs::path(CAMPAIGNER_GOLDEN_DIR) / "o3go" / name;
  if (fs::exists(base.string() + ".request")) return {base};
  std::vector<fs::path> steps;
  for (int i = 1; fs::exists(base.string() + "." + std::to_string(i) + ".request"); ++i) {
    steps.push_back(base.string() + "." + std::to_string(i));
  }
  return steps;
}

void Compare(const RawResponse& response, const Parts& expected) {
  EXPECT_EQ(std::to_string(response.status), expected.first_line);
  EXPECT_EQ(response.body, expected.body);
  for (const std::string& header : expected.headers) {
    const size_t colon = header.find(": ");
    const std::string name = absl::AsciiStrToLower(header.substr(0, colon));
    const std::string value = header.substr(colon + 2);
    ASSERT_EQ(response.headers.count(name), 1u) << name;
    if (value != "*") {
      EXPECT_EQ(response.headers.at(name), value);
    }
  }
}

TEST_P(O3goGoldenTest, AnswersAsRecorded) {
  const std::vector<fs::path> steps = Steps(GetParam());
  ASSERT_FALSE(steps.empty());
  for (const fs::path& step : steps) {
    SCOPED_TRACE(step);
    const Parts request = Split(Filled(ReadFile(step.string() + ".request")));
    std::string bytes = request.first_line + "\r\n";
    for (const std::string& header : request.headers) bytes += header + "\r\n";
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
    const auto response = RawExchange(world_->port(), bytes);
    ASSERT_TRUE(response);
    Compare(*response, Split(ReadFile(step.string() + ".response")));
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, O3goGoldenTest, ::testing::ValuesIn(Names()),
                         [](const auto& pair) { return pair.param; });

}  // namespace
}  // namespace campaigner::testing

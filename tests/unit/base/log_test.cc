#include "server/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/threads.h"

namespace campaigner::base {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// What `write` logs.
template <typename Write>
std::string Logged(const Write& write) {
  ::testing::internal::CaptureStderr();
  write();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, OneLinePerEvent) {
  const std::string line = Logged([] {
    LogInfo("started",
            {{"port", 8080}, {"host", "127.0.0.1"}, {"note", "two words"}, {"none", ""}});
  });
  EXPECT_THAT(line, EndsWith(" I started port=8080 host=127.0.0.1 note=\"two words\" none=\"\"\n"));
}

TEST(LogTest, ValuesCannotForgeLinesOrPairs) {
  const std::string line = Logged([] {
    LogWarning("refused", {{"why", "bad\n2026 E forged key=\"value\"\\"}, {"raw", "\xFF\x1B[31m"}});
  });
  EXPECT_THAT(line, EndsWith(" W refused why=\"bad 2026 E forged key=\\\"value\\\"\\\\\" "
                             "raw=\"\uFFFD [31m\"\n"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(LogTest, LongValuesAreCut) {
  const std::string line = Logged([] { LogError("long", {{"text", std::string(100'000, 'x')}}); });
  EXPECT_LT(line.size(), 2000u);
}

TEST(LogTest, NothingBelowTheLevelIsWritten) {
  EXPECT_EQ(Logged([] { Log(LogLevel::kDebug, "detail"); }), "");
  SetLogLevel(LogLevel::kDebug);
  EXPECT_TRUE(IsLogged(LogLevel::kDebug));
  EXPECT_THAT(Logged([] { Log(LogLevel::kDebug, "detail"); }), HasSubstr("detail"));
  SetLogLevel(LogLevel::kError);
  EXPECT_EQ(Logged([] { LogWarning("warning"); }), "");
  SetLogLevel(LogLevel::kInfo);
  EXPECT_FALSE(IsLogged(LogLevel::kDebug));
}

TEST(LogTest, RedactionLeavesTheEnds) {
  EXPECT_EQ(Redacted("79201234567"), "792******67");
  EXPECT_EQ(Redacted("123456"), "123*56");
  EXPECT_EQ(Redacted("12345"), "*****");
  EXPECT_EQ(Redacted(""), "");
  EXPECT_EQ(Redacted("a\nb@example.org").find('\n'), std::string::npos);
}

TEST(LogTest, ManyThreadsWriteWholeLines) {
  constexpr int kThreads = 4;
  constexpr int kLines = 100;
  const std::string all = Logged([] {
    campaigner::testing::InThreads(kThreads, [](int thread) {
      for (int i = 0; i < kLines; ++i) LogError("line", {{"thread", thread}, {"end", "."}});
    });
  });
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), kThreads * kLines);
  size_t at = 0;
  for (int i = 0; i < kThreads * kLines; ++i) {
    const size_t end = all.find('\n', at);
    EXPECT_THAT(all.substr(at, end - at), EndsWith(" end=."));
    EXPECT_EQ(all.find("thread=", all.find("thread=", at) + 1) < end, false);
    at = end + 1;
  }
}

}  // namespace
}  // namespace campaigner::base

#include "server/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace campaigner::base

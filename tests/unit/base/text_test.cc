#include "server/base/text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace campaigner::base {
namespace {

TEST(TextTest, Utf8IsWhatTheStandardSays) {
  const struct {
    std::string text;
    bool is_valid;
  } cases[] = {
      {"", true},
      {"plain", true},
      {std::string(1, '\0'), true},
      {"\x7F", true},
      {"\xC2\x80", true},
      {"жук 😀", true},
      {"\xEF\xBF\xBF", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\x80", false},      // A continuation without a start.
      {"\xC0\x80", false},  // Overlong.
      {"\xC1\xBF", false},
      {"\xE0\x9F\xBF", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xED\x9F\xBF", true},       // The last before the surrogates,
      {"\xED\xA0\x80", false},      // the first
      {"\xED\xBF\xBF", false},      // and last of them,
      {"\xEE\x80\x80", true},       // and the first behind.
      {"\xF4\x90\x80\x80", false},  // Above U+10FFFF.
      {"\xF5\x80\x80\x80", false},
      {"\xFF", false},
      {"a\xC3", false},  // Cut off.
      {"a\xE2\x82", false},
      {"a\xF0\x9F\x98", false},
      {"\xE2\x28\xA1", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(IsValidUtf8(c.text), c.is_valid) << ToHex(c.text);
    EXPECT_EQ(IsValidUtf8("x" + c.text + "x"), c.is_valid) << ToHex(c.text);
  }
}

TEST(TextTest, TruncationDoesNotCutCharacters) {
  EXPECT_EQ(TruncateUtf8("abc", 3), "abc");
  EXPECT_EQ(TruncateUtf8("abc", 2), "ab");
  EXPECT_EQ(TruncateUtf8("abc", 0), "");
  EXPECT_EQ(TruncateUtf8("aж", 2), "a");
  EXPECT_EQ(TruncateUtf8("aжб", 3), "aж");
  EXPECT_EQ(TruncateUtf8("😀", 3), "");
  EXPECT_EQ(TruncateUtf8("😀b", 4), "😀");
  EXPECT_EQ(TruncateUtf8("\x80\x80\x80", 2), "");
}

TEST(TextTest, CountsCodePoints) {
  EXPECT_EQ(CountCodePoints(""), 0u);
  EXPECT_EQ(CountCodePoints("abc"), 3u);
  EXPECT_EQ(CountCodePoints("жук 😀"), 5u);
}

TEST(TextTest, PrintableIsSafeToLogAndShort) {
  EXPECT_EQ(Printable("жук 😀", 100), "жук 😀");
  EXPECT_EQ(Printable("a\nb\tc\x7F"
                      "d",
                      100),
            "a b c d");
  EXPECT_EQ(Printable(std::string("a\0b", 3), 100), "a b");
  EXPECT_EQ(Printable("a\xFF"
                      "b\xC3",
                      100),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(Printable("abc", 2), "ab");
  EXPECT_EQ(Printable("aжб", 4), "aж");
  EXPECT_EQ(Printable("a\xFF", 3), "a");
  EXPECT_EQ(Printable("abc", 0), "");
}

TEST(TextTest, PrintableIsAlwaysValidAndWithinItsLimit) {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes;
    for (size_t i = random() % 40; i > 0; --i) {
      bytes += static_cast<char>(random() % 2 == 0 ? random() % 256 : 0xC0 + random() % 64);
    }
    const size_t limit = random() % 60;
    const std::string clean = Printable(bytes, limit);
    ASSERT_TRUE(IsValidUtf8(clean)) << ToHex(bytes);
    ASSERT_LE(clean.size(), limit) << ToHex(bytes);
    for (const char c : clean) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20) << ToHex(bytes);
  }
}

TEST(TextTest, HexIsLowerCase) {
  EXPECT_EQ(ToHex(""), "");
  EXPECT_EQ(ToHex(std::string("\x00\x0F\xA5\xFF", 4)), "000fa5ff");
}

TEST(TextTest, ViewsCrossTheBorderToAbseil) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(ToStd(ToAbsl(text)), text);
  EXPECT_EQ(ToAbsl(text).data(), text.data());
}

}  // namespace
}  // namespace campaigner::base

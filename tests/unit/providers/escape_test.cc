#include "server/providers/escape.h"

#include <gtest/gtest.h>

namespace campaigner::providers {
namespace {

TEST(EscapeTest, PercentEncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode(" +&=?#/%\r\n"), "%20%2B%26%3D%3F%23%2F%25%0D%0A");
  EXPECT_EQ(PercentEncode("\xD0\xB0"), "%D0%B0");
  EXPECT_EQ(PercentEncode(std::string_view("\0", 1)), "%00");
}

TEST(EscapeTest, KeepsJsonStringsWhole) {
  EXPECT_EQ(JsonEscape("a \"b\" \\ \n \x01 /"), R"(a \"b\" \\ \n \u0001 /)");
  EXPECT_EQ(JsonEscape("\xD0\xB0"), "\xD0\xB0");
  EXPECT_EQ(JsonEscape("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(JsonEscape(""), "");
}

TEST(EscapeTest, KeepsXmlWhole) {
  EXPECT_EQ(XmlEscape("<a b=\"c\" d='e'>&</a>"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&lt;/a&gt;");
  EXPECT_EQ(XmlEscape(std::string_view("\t\n\x01\0x", 5)), "\t\n  x");
}

}  // namespace
}  // namespace campaigner::providers

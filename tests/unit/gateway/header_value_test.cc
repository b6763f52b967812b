#include "gateway/http/header_value.h"

#include <gtest/gtest.h>

#include <string>

namespace campaigner::gateway::http {
namespace {

std::string FileNameOf(std::string_view disposition) {
  const auto parsed = ParseHeaderValue(disposition);
  return parsed ? std::string(parsed->Parameter("filename")) : "broken";
}

TEST(ParseHeaderValueTest, ReadsValueAndParameters) {
  const auto parsed =
      ParseHeaderValue(" Multipart/Form-Data ; Boundary=\"a; b\";charset = utf-8; ");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->value, "multipart/form-data");
  EXPECT_EQ(parsed->Parameter("boundary"), "a; b");
  EXPECT_EQ(parsed->Parameter("charset"), "utf-8");
  EXPECT_EQ(parsed->Parameter("other"), "");
  EXPECT_TRUE(ParseHeaderValue(""));
}

TEST(ParseHeaderValueTest, ReadsNamesOfFilesAsBrowsersWriteThem) {
  EXPECT_EQ(FileNameOf(R"(form-data; filename="a.csv")"), "a.csv");
  EXPECT_EQ(FileNameOf(R"(form-data; filename="say \"hi\".csv")"), "say \"hi\".csv");
  EXPECT_EQ(FileNameOf(R"(form-data; filename="C:\new\a.csv")"), R"(C:\new\a.csv)");
  EXPECT_EQ(FileNameOf("form-data; filename=\"\xd0\xb1.csv\""), "\xd0\xb1.csv");
  EXPECT_EQ(FileNameOf("form-data; filename=\"\""), "");
}

TEST(ParseHeaderValueTest, TheExtendedFormWins) {
  for (const char* text : {"form-data; filename=\"_.csv\"; filename*=UTF-8''%d0%b1.csv",
                           "form-data; filename*=utf-8'ru'%D0%B1.csv; filename=_.csv"}) {
    EXPECT_EQ(FileNameOf(text), "\xd0\xb1.csv") << text;
  }
  const auto both = ParseHeaderValue("x; a*=UTF-8''1; b*=UTF-8''2; a=3; b=4");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->parameters, (Parameters{{"a", "1"}, {"b", "2"}}));
}

TEST(ParseHeaderValueTest, RefusesWhatIsBroken) {
  for (const char* text :
       {"a; b", "a; b=", "a; =b", "a; b=\"c", "a; b=\"c\"d", "a; b=c d", "a; b=1; B=2", "a; b*=c",
        "a; b*=iso-8859-1''c", "a; b*=UTF-8''%d", "a; b*=UTF-8'", "a;;b=c"}) {
    EXPECT_FALSE(ParseHeaderValue(text)) << text;
  }
}

TEST(AttachmentDispositionTest, IsSafeForAnyName) {
  const struct {
    std::string name;
    std::string disposition;
  } cases[] = {
      {"a b.csv", "attachment; filename=\"a b.csv\""},
      {"", "attachment"},
      {"folder/", "attachment"},
      {"../../etc/passwd", "attachment; filename=\"passwd\""},
      {"a\"b.csv", "attachment; filename=\"a_b.csv\"; filename*=UTF-8''a%22b.csv"},
      {"50%.csv", "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv"},
      {"a\r\nSet-Cookie: x",
       "attachment; filename=\"a__Set-Cookie: x\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x"},
      {"\xd0\xb1\xd0\xb0.csv",
       "attachment; filename=\"__.csv\"; filename*=UTF-8''%D0%B1%D0%B0.csv"},
  };
  for (const auto& [name, disposition] : cases) {
    EXPECT_EQ(AttachmentDisposition(name), disposition) << name;
  }
}

// What we write, we read.
TEST(AttachmentDispositionTest, CanBeReadAgain) {
  for (const std::string name : {"a.csv", "a;b.csv", "a'b\"c%.csv", "\xe2\x82\xac (1).csv"}) {
    EXPECT_EQ(FileNameOf(AttachmentDisposition(name)), name);
  }
}

TEST(BaseNameTest, LeavesFoldersOut) {
  EXPECT_EQ(BaseName("C:\\new\\a.csv"), "a.csv");
  EXPECT_EQ(BaseName("/tmp/a.csv"), "a.csv");
  EXPECT_EQ(BaseName("a.csv"), "a.csv");
}

}  // namespace
}  // namespace campaigner::gateway::http

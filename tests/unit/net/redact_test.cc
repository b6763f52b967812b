#include "server/net/redact.h"

#include <gtest/gtest.h>

namespace campaigner::net {
namespace {

struct RedactCase {
  const char* text;
  std::vector<std::string> secrets;
  const char* expected;
};

TEST(RedactTest, HidesSecretsInEveryForm) {
  const std::vector<RedactCase> cases = {
      {"nothing here", {}, "nothing here"},
      {"nothing here", {""}, "nothing here"},
      {"password=hunter2&x=1", {"hunter2"}, "password=***&x=1"},
      {"hunter2hunter2", {"hunter2"}, "******"},
      {"hunter", {"hunter2"}, "hunter"},
      {"p=a%26b%3dc%3D", {"a&b=c="}, "p=***"},
      {"p=%68unter2", {"hunter2"}, "p=***"},
      {"p=a+b", {"a b"}, "p=***"},
      {"p=a%20b", {"a b"}, "p=***"},
      {"p=a%2Bb", {"a+b"}, "p=***"},
      {"p=a+b", {"a+b"}, "p=***"},
      {R"({"key":"a\"b\\c\/d\u003ce"})", {R"(a"b\c/d<e)"}, R"({"key":"***"})"},
      {"<k>a&amp;b&lt;c&gt;&quot;</k>", {"a&b<c>\""}, "<k>***</k>"},
      // Percent signs that are part of the secret, written as they are and encoded.
      {"p=50%25off", {"50%off"}, "p=***"},
      {"p=50%25off", {"50%25off"}, "p=***"},
      {"p=50%2525off", {"50%25off"}, "p=***"},
      // The longer one first, or its end would stay.
      {"key-extended", {"key", "key-extended"}, "***"},
      {"%", {"%%"}, "%"},
      {"%4", {"A"}, "%4"},
      {"\xD0\xBA\xD0\xBE\xD0\xB4 %D0%BA%d0%be%D0%B4", {"\xD0\xBA\xD0\xBE\xD0\xB4"}, "*** ***"},
  };
  for (const RedactCase& c : cases) EXPECT_EQ(Redact(c.text, c.secrets), c.expected) << c.text;
}

TEST(RedactQueryValuesTest, KeepsNames) {
  EXPECT_EQ(RedactQueryValues("http://h/p"), "http://h/p");
  EXPECT_EQ(RedactQueryValues("http://h/p?"), "http://h/p?");
  EXPECT_EQ(RedactQueryValues("http://h/p?to=7920&text=a%20b&x"), "http://h/p?to=***&text=***&***");
  EXPECT_EQ(RedactQueryValues("http://h/?a=b=c&&d="), "http://h/?a=***&&d=***");
}

}  // namespace
}  // namespace campaigner::net

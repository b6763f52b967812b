#include "server/providers/request_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/providers/escape.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/providers/submit_and_wait.h"

namespace campaigner::providers {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

const std::map<std::string, std::string> kSecrets = {{"KEY", "k\"{text}&"}, {"a-1", "x"}};

TEST(RequestTemplateTest, FillsPlaceholders) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", ""},
      {"plain", "plain"},
      {"{recipient}|{sender}|{text}|{message_id}|{reference}",
       "79201234567|Shop|Hello|42|16-0123456789abcdef"},
      {"{text}{text}", "HelloHello"},
      {"{secret:KEY}{secret:a-1}", "k\"{text}&x"},
      // Braces of JSON stay as they are.
      {R"({"a":{"b":"{text}"}, "c": {}})", R"({"a":{"b":"Hello"}, "c": {}})"},
      {"{", "{"},
      {"}", "}"},
      {"{}", "{}"},
      {"{{text}}", "{Hello}"},
      {"{text", "{text"},
      {"{ text }", "{ text }"},
  };
  for (const auto& [text, expected] : cases) {
    ASSERT_OK_AND_ASSIGN(const RequestTemplate parsed,
                         RequestTemplate::Parse(text, nullptr, kSecrets));
    EXPECT_EQ(parsed.Expand(AnySubmission()), expected) << text;
  }
}

TEST(RequestTemplateTest, EscapesValuesAndSecretsButNotTheRest) {
  Submission submission = AnySubmission();
  submission.text = "a\"b {sender}";
  ASSERT_OK_AND_ASSIGN(const RequestTemplate parsed,
                       RequestTemplate::Parse("\"{text}\" \"{secret:KEY}\"", JsonEscape, kSecrets));
  EXPECT_EQ(parsed.Expand(submission), R"("a\"b {sender}" "k\"{text}&")");
}

TEST(RequestTemplateTest, NamesWhatDoesNotExist) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"x{phone}y", "{phone}"},   {"{Text}", "{Text}"}, {"{secret:OTHER}", "{secret:OTHER}"},
      {"{secret:}", "{secret:}"}, {"{text}{0}", "{0}"},
  };
  for (const auto& [text, name] : cases) {
    EXPECT_THAT(RequestTemplate::Parse(text, nullptr, kSecrets),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(name)));
  }
}

}  // namespace
}  // namespace campaigner::providers

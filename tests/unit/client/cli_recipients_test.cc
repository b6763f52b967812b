#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/cli/batch_sender.h"
#include "client/cli/recipients.h"
#include "server/base/error.h"
#include "tests/support/status_matchers.h"

namespace campaigner::cli {
namespace {

using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<std::vector<v1::NewMessage>> ReadAll(
    const std::string& text, RecipientFormat format = RecipientFormat::kAuto) {
  std::istringstream in(text);
  RecipientReader reader(in, format);
  std::vector<v1::NewMessage> messages;
  while (true) {
    auto message = reader.Next();
    if (!message.ok()) return message.status();
    if (!*message) return messages;
    messages.push_back(**std::move(message));
  }
}

TEST(RecipientsTest, CsvLinesAreRecipientAndText) {
  ASSERT_OK_AND_ASSIGN(const auto messages,
                       ReadAll("79201234567,Hello\r\n\n  \n79201234568,\"a, \"\"b\"\"\"\n"
                               "79201234569\n"));
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].recipient(), "79201234567");
  EXPECT_EQ(messages[0].text(), "Hello");
  EXPECT_EQ(messages[1].text(), "a, \"b\"");
  EXPECT_FALSE(messages[2].has_text());
}

TEST(RecipientsTest, AByteOrderMarkIsNoPartOfTheFirstLine) {
  ASSERT_OK_AND_ASSIGN(const auto messages,
                       ReadAll("\xEF\xBB\xBFrecipient,external_id\n79201234567,7\n"));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].recipient(), "79201234567");
  EXPECT_EQ(messages[0].external_id(), "7");
}

TEST(RecipientsTest, AFirstLineNamesTheColumns) {
  ASSERT_OK_AND_ASSIGN(const auto messages,
                       ReadAll("recipient,external_id,field_1\n79201234567,7,Ivan\n"));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].external_id(), "7");
  EXPECT_EQ(messages[0].fields().at("field_1"), "Ivan");
}

TEST(RecipientsTest, NdjsonIsRecognised) {
  ASSERT_OK_AND_ASSIGN(
      const auto messages,
      ReadAll(
          "{\"recipient\": \"79201234567\", \"fields\": {\"a\": \"b\"}, \"externalId\": \"x\"}\n"
          "{\"recipient\": \"79201234568\", \"campaign_id\": 5}"));
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].fields().at("a"), "b");
  EXPECT_EQ(messages[0].external_id(), "x");
  EXPECT_EQ(messages[1].campaign_id(), 5);
}

TEST(RecipientsTest, ErrorsNameTheLine) {
  struct Case {
    std::string text;
    std::string error;
  };
  const Case cases[] = {
      {"1,a\n2,b,c\n", "line 2: has 3 cells where 2 are expected"},
      {"1,a\n\n2,\"b\n", "line 3: a quote is not closed"},
      {"1,\"b\"c\n", "line 1: a closing quote"},
      {"{\"recipient\": \"1\"}\nnot json\n", "line 2: is not a message in JSON"},
      {"{\"recipient\": \"1\", \"colour\": 5}\n", "line 1"},
      {"1,\xff\n", "line 1: is not UTF-8"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ReadAll(c.text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.error)))
        << c.text;
  }
}

TEST(RecipientsTest, CsvCells) {
  EXPECT_THAT(SplitCsv(""), IsOkAndHolds(ElementsAre("")));
  EXPECT_THAT(SplitCsv("a,,b,"), IsOkAndHolds(ElementsAre("a", "", "b", "")));
  EXPECT_THAT(SplitCsv("\"\",\"x\"\"y\""), IsOkAndHolds(ElementsAre("", "x\"y")));
}

TEST(BatchErrorsTest, IndexesBecomeLines) {
  const absl::Status status = base::MakeError(
      absl::StatusCode::kInvalidArgument, "messages[1].recipient is too short (and 1 more)",
      {.reason = "INVALID_FIELDS",
       .violations = {{"messages[1].recipient", "is too short"}, {"messages[9].text", "is long"}}});
  const absl::Status with_lines = WithLines(status, {5, 17});
  EXPECT_THAT(with_lines, StatusIs(absl::StatusCode::kInvalidArgument,
                                   "line 17: recipient is too short (and 1 more)"));
  const base::ErrorDetail detail = base::GetErrorDetail(with_lines);
  EXPECT_EQ(detail.violations[0].field, "line 17: recipient");
  EXPECT_EQ(detail.violations[1].field, "messages[9].text");
  EXPECT_EQ(detail.reason, "INVALID_FIELDS");
  EXPECT_THAT(WithLines(absl::NotFoundError("messages[ or messages[x]"), {1}),
              StatusIs(absl::StatusCode::kNotFound, "messages[ or messages[x]"));
}

}  // namespace
}  // namespace campaigner::cli

#include "server/base/error.h"

#include <gtest/gtest.h>

#include <string>

#include "server/base/status_macros.h"
#include "tests/support/status_matchers.h"

namespace campaigner::base {
namespace {

using ::campaigner::testing::IsOk;
using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;

TEST(ErrorTest, DetailsComeBackAsTheyWere) {
  const absl::Status status = MakeError(
      absl::StatusCode::kInvalidArgument, "two fields are wrong",
      {.reason = "INVALID_FIELDS",
       .metadata = {{"count", "2"}, {"field", "messages[3].recipient"}, {"текст", "\"\\\n"}},
       .violations = {{"messages[3].recipient", "is too short"}, {"", "empty \" name"}},
       .retry_after = absl::Milliseconds(1500)});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "two fields are wrong"));
  const ErrorDetail detail = GetErrorDetail(status);
  EXPECT_EQ(detail.reason, "INVALID_FIELDS");
  EXPECT_EQ(detail.metadata,
            (std::map<std::string, std::string>{
                {"count", "2"}, {"field", "messages[3].recipient"}, {"текст", "\"\\\n"}}));
  ASSERT_EQ(detail.violations.size(), 2u);
  EXPECT_EQ(detail.violations[0].field, "messages[3].recipient");
  EXPECT_EQ(detail.violations[0].description, "is too short");
  EXPECT_EQ(detail.violations[1].field, "");
  EXPECT_EQ(detail.violations[1].description, "empty \" name");
  EXPECT_EQ(detail.retry_after, absl::Milliseconds(1500));
}

TEST(ErrorTest, WhatIsNotGivenIsNotThere) {
  const ErrorDetail detail =
      GetErrorDetail(MakeError(absl::StatusCode::kNotFound, "gone", {.reason = "GONE"}));
  EXPECT_EQ(detail.reason, "GONE");
  EXPECT_TRUE(detail.metadata.empty());
  EXPECT_TRUE(detail.violations.empty());
  EXPECT_EQ(detail.retry_after, std::nullopt);
}

TEST(ErrorTest, OtherStatusesHaveNoDetail) {
  for (const absl::Status& status : {absl::OkStatus(), absl::InternalError("by somebody else")}) {
    const ErrorDetail detail = GetErrorDetail(status);
    EXPECT_EQ(detail.reason, "");
    EXPECT_TRUE(detail.metadata.empty());
    EXPECT_EQ(detail.retry_after, std::nullopt);
  }
}

TEST(ErrorTest, QuotedInputMayBeAnything) {
  const std::string bad = std::string("\xFF\x00\xC3", 3);
  const ErrorDetail detail = GetErrorDetail(MakeError(
      absl::StatusCode::kInvalidArgument, bad,
      {.reason = "BAD", .metadata = {{"input", bad}}, .violations = {{"text", "is " + bad}}}));
  EXPECT_EQ(detail.metadata.at("input"), std::string("\uFFFD\0\uFFFD", 7));
  EXPECT_EQ(detail.violations.at(0).description, std::string("is \uFFFD\0\uFFFD", 10));
}

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return absl::InvalidArgumentError("odd");
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status AllEven(int first, int second) {
  RETURN_IF_ERROR(Half(first).status());
  RETURN_IF_ERROR(Half(second).status());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstError) {
  EXPECT_THAT(Quarter(8), IsOkAndHolds(2));
  EXPECT_THAT(Quarter(7), StatusIs(absl::StatusCode::kInvalidArgument, "odd"));
  EXPECT_THAT(Quarter(6), StatusIs(absl::StatusCode::kInvalidArgument, "odd"));
  EXPECT_THAT(AllEven(2, 4), IsOk());
  EXPECT_THAT(AllEven(1, 4), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(AllEven(2, 3), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace campaigner::base

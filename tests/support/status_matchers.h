#pragma once

#include <gmock/gmock.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/error.h"
#include "server/base/text.h"

// GoogleTest 1.12 knows nothing of Abseil's statuses.
namespace campaigner::testing {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

MATCHER_P(StatusIs, code, "") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code;
}

// The code and a matcher of the message.
MATCHER_P2(StatusIs, code, message, "") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(base::ToStd(GetStatus(arg).message())),
                                       result_listener);
}

// The stable reason of an error ("CAMPAIGN_NOT_FOUND").
MATCHER_P(HasReason, reason, "") {
  *result_listener << GetStatus(arg).ToString();
  return base::GetErrorDetail(GetStatus(arg)).reason == reason;
}

MATCHER_P(IsOkAndHolds, value, "") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return ::testing::ExplainMatchResult(value, *arg, result_listener);
}

}  // namespace campaigner::testing

#define ASSERT_OK(expr) ASSERT_THAT(expr, ::campaigner::testing::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT(expr, ::campaigner::testing::IsOk())

// What is declared cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define CAMPAIGNER_ASSERT_OK_AND_ASSIGN(var, lhs, expr) \
  auto var = (expr);                                    \
  ASSERT_OK(var);                                       \
  lhs = *std::move(var)
// NOLINTEND(bugprone-macro-parentheses)
#define CAMPAIGNER_TEST_CONCAT_INNER(a, b) a##b
#define CAMPAIGNER_TEST_CONCAT(a, b) CAMPAIGNER_TEST_CONCAT_INNER(a, b)
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  CAMPAIGNER_ASSERT_OK_AND_ASSIGN(CAMPAIGNER_TEST_CONCAT(_status_or_, __LINE__), lhs, expr)

#include "server/providers/http_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/limits.h"

namespace campaigner::providers {
namespace {

using domain::AttemptOutcome;
using net::HttpFailure;
using net::HttpResult;
using ::testing::HasSubstr;
using ::testing::Not;

HttpResult Answer(int status, std::string body = "") {
  HttpResult result;
  result.response.status = status;
  result.response.body = std::move(body);
  return result;
}

HttpResult Failure(HttpFailure failure, int status = 0) {
  HttpResult result;
  result.failure = failure;
  result.error = "reason";
  result.response.status = status;
  return result;
}

TEST(HttpOutcomeTest, ClassifiesStatuses) {
  const std::vector<std::pair<int, AttemptOutcome>> cases = {
      {200, AttemptOutcome::kAccepted},       {202, AttemptOutcome::kAccepted},
      {204, AttemptOutcome::kAccepted},       {301, AttemptOutcome::kMisconfigured},
      {302, AttemptOutcome::kMisconfigured},  {304, AttemptOutcome::kMisconfigured},
      {400, AttemptOutcome::kRejected},       {401, AttemptOutcome::kMisconfigured},
      {402, AttemptOutcome::kRejected},       {403, AttemptOutcome::kMisconfigured},
      {404, AttemptOutcome::kMisconfigured},  {405, AttemptOutcome::kMisconfigured},
      {407, AttemptOutcome::kMisconfigured},  {408, AttemptOutcome::kPassingFailure},
      {409, AttemptOutcome::kRejected},       {422, AttemptOutcome::kRejected},
      {425, AttemptOutcome::kPassingFailure}, {429, AttemptOutcome::kThrottled},
      {500, AttemptOutcome::kPassingFailure}, {503, AttemptOutcome::kPassingFailure},
      {599, AttemptOutcome::kPassingFailure}, {101, AttemptOutcome::kUnknown},
      {600, AttemptOutcome::kUnknown},        {999, AttemptOutcome::kUnknown},
  };
  for (const auto& [status, outcome] : cases) {
    EXPECT_EQ(OutcomeOf(Answer(status), {}).outcome, outcome) << status;
  }
}

TEST(HttpOutcomeTest, ClassifiesFailures) {
  const std::vector<std::pair<HttpResult, AttemptOutcome>> cases = {
      {Failure(HttpFailure::kInvalidRequest), AttemptOutcome::kMisconfigured},
      {Failure(HttpFailure::kForbiddenAddress), AttemptOutcome::kMisconfigured},
      {Failure(HttpFailure::kNotConnected), AttemptOutcome::kPassingFailure},
      {Failure(HttpFailure::kOverloaded), AttemptOutcome::kPassingFailure},
      {Failure(HttpFailure::kNoAnswer), AttemptOutcome::kUnknown},
      {Failure(HttpFailure::kTooLarge, 200), AttemptOutcome::kUnknown},
      {Failure(HttpFailure::kTooLarge, 0), AttemptOutcome::kUnknown},
      {Failure(HttpFailure::kTooLarge, 500), AttemptOutcome::kPassingFailure},
      {Failure(HttpFailure::kTooLarge, 404), AttemptOutcome::kMisconfigured},
      {Failure(HttpFailure::kTooLarge, 422), AttemptOutcome::kRejected},
  };
  for (const auto& [result, outcome] : cases) {
    const SubmitOutcome got = OutcomeOf(result, {});
    EXPECT_EQ(got.outcome, outcome) << net::FailureName(result.failure);
    EXPECT_EQ(got.detail, std::string(net::FailureName(result.failure)) + ": reason");
  }
}

TEST(HttpOutcomeTest, KeepsRetryAfter) {
  HttpResult result = Answer(429);
  result.response.retry_after = absl::Seconds(7);
  EXPECT_EQ(OutcomeOf(result, {}).retry_after, absl::Seconds(7));
  EXPECT_EQ(OutcomeOf(Answer(429), {}).retry_after, std::nullopt);
}

TEST(HttpOutcomeTest, DetailIsPrintableShortAndWithoutSecrets) {
  EXPECT_EQ(OutcomeOf(Answer(503), {}).detail, "HTTP 503");
  EXPECT_EQ(OutcomeOf(Answer(400, "bad\r\nkey \xFF hunter2"), {"hunter2"}).detail,
            "HTTP 400: bad  key \xEF\xBF\xBD ***");
  const std::string detail =
      OutcomeOf(
          Answer(400, std::string(base::limits::kProviderDetailBytesMax - 13, 'x') + "hunter2"),
          {"hunter2"})
          .detail;
  EXPECT_LE(detail.size(), base::limits::kProviderDetailBytesMax);
  EXPECT_THAT(detail, Not(HasSubstr("hun")));
}

}  // namespace
}  // namespace campaigner::providers

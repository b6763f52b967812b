#include "client/cpp/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "tests/support/status_matchers.h"

namespace campaigner::client {
namespace {

using ::campaigner::testing::HasReason;
using ::campaigner::testing::IsOk;
using ::campaigner::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Pair;

google::rpc::Status WithDetails() {
  google::rpc::Status status;
  status.set_code(3);
  status.set_message("campaign.webhook_url must be an http or https URL");
  google::rpc::ErrorInfo info;
  info.set_reason("INVALID_FIELD");
  (*info.mutable_metadata())["field"] = "campaign.webhook_url";
  status.add_details()->PackFrom(info);
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("campaign.webhook_url");
  violation->set_description("must be an http or https URL");
  status.add_details()->PackFrom(bad_request);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  status.add_details()->PackFrom(retry);
  return status;
}

void ExpectDetails(const absl::Status& status) {
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               "campaign.webhook_url must be an http or https URL"));
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  EXPECT_EQ(detail.reason, "INVALID_FIELD");
  EXPECT_THAT(detail.metadata, ElementsAre(Pair("field", "campaign.webhook_url")));
  ASSERT_EQ(detail.violations.size(), 1u);
  EXPECT_EQ(detail.violations[0].field, "campaign.webhook_url");
  EXPECT_EQ(detail.violations[0].description, "must be an http or https URL");
  EXPECT_EQ(detail.retry_after, absl::Milliseconds(1500));
}

TEST(StatusTest, DetailsOfAStatusMessageArrive) { ExpectDetails(ToAbslStatus(WithDetails())); }

TEST(StatusTest, DetailsOfATrailerArrive) {
  const google::rpc::Status wire = WithDetails();
  ExpectDetails(ToAbslStatus(
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, wire.message(), wire.SerializeAsString())));
}

TEST(StatusTest, EveryCodeArrives) {
  EXPECT_THAT(ToAbslStatus(grpc::Status::OK), IsOk());
  for (int code = 2; code <= 16; ++code) {
    const auto status =
        ToAbslStatus(grpc::Status(static_cast<grpc::StatusCode>(code), "what went wrong"));
    EXPECT_THAT(status, StatusIs(static_cast<absl::StatusCode>(code), "what went wrong"));
    EXPECT_THAT(status, HasReason(""));
  }
}

TEST(StatusTest, ACancelThatNobodyAskedForIsAServerThatEnds) {
  EXPECT_THAT(ToAbslStatus(grpc::Status(grpc::StatusCode::CANCELLED, "CANCELLED")),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::HasSubstr("went away")));
  google::rpc::Status said = WithDetails();
  said.set_code(grpc::StatusCode::CANCELLED);
  EXPECT_THAT(ToAbslStatus(grpc::Status(grpc::StatusCode::CANCELLED, "by the operator",
                                        said.SerializeAsString())),
              StatusIs(absl::StatusCode::kCancelled, "by the operator"));
}

TEST(StatusTest, StrangeStatusesAreErrorsAllTheSame) {
  google::rpc::Status status;
  status.set_code(99);
  EXPECT_THAT(ToAbslStatus(status), StatusIs(absl::StatusCode::kUnknown));
  status.set_code(-1);
  EXPECT_THAT(ToAbslStatus(status), StatusIs(absl::StatusCode::kUnknown));
  EXPECT_THAT(ToAbslStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff no proto")),
              StatusIs(absl::StatusCode::kNotFound, "gone"));
  status.set_code(5);
  status.add_details()->set_type_url("type.example.com/unknown");
  EXPECT_THAT(ToAbslStatus(status), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace campaigner::client

#include "server/rpc/status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "server/base/error.h"
#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"

namespace campaigner::rpc {
namespace {

namespace limits = base::limits;

template <typename Detail>
Detail Find(const google::rpc::Status& status) {
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no such detail in " << status.ShortDebugString();
  return detail;
}

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(StatusTest, CarriesReasonMetadataFieldsAndRetry) {
  const absl::Status error = base::MakeError(absl::StatusCode::kUnavailable, "come back",
                                             {.reason = "OVERLOADED",
                                              .metadata = {{"queue", "writes"}},
                                              .violations = {{"a.b", "is wrong"}},
                                              .retry_after = absl::Milliseconds(1500)});
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "come back");
  const google::rpc::Status details = Details(status);
  EXPECT_EQ(details.code(), 14);
  const auto info = Find<google::rpc::ErrorInfo>(details);
  EXPECT_EQ(info.reason(), "OVERLOADED");
  EXPECT_EQ(info.domain(), "campaigner");
  EXPECT_EQ(info.metadata().at("queue"), "writes");
  const auto bad_request = Find<google::rpc::BadRequest>(details);
  ASSERT_EQ(bad_request.field_violations_size(), 1);
  EXPECT_EQ(bad_request.field_violations(0).field(), "a.b");
  const auto retry = Find<google::rpc::RetryInfo>(details);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(StatusTest, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(StatusTest, AnErrorWithoutDetailHasItsCodeAndMessage) {
  const grpc::Status status = ToGrpcStatus(absl::CancelledError("gone"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Details(status).details_size(), 0);
}

TEST(StatusTest, TenThousandViolationsFit) {
  std::vector<base::FieldViolation> violations;
  for (int i = 0; i < 10'000; ++i) {
    violations.push_back({fmt::format("messages[{}].recipient", i), std::string(300, 'x')});
  }
  const grpc::Status status = ToGrpcStatus(domain::errors::InvalidFields(violations));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_LE(status.error_message().size(), limits::kErrorMessageBytesMax);
  EXPECT_LE(status.error_details().size(), limits::kErrorDetailBytesMax);
  const auto bad_request = Find<google::rpc::BadRequest>(Details(status));
  EXPECT_GT(bad_request.field_violations_size(), 5);
  EXPECT_EQ(bad_request.field_violations(0).field(), "messages[0].recipient");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(Details(status)).metadata().at("count"), "10000");
}

TEST(StatusTest, CutsALongMessageBetweenCharacters) {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "я";  // Two bytes here, six as gRPC sends them.
  const grpc::Status status = ToGrpcStatus(absl::InternalError(message));
  EXPECT_LE(status.error_message().size() * 3, limits::kErrorMessageBytesMax);
  EXPECT_GT(status.error_message().size() * 3, limits::kErrorMessageBytesMax - 6);
  EXPECT_TRUE(base::IsValidUtf8(status.error_message()));
}

TEST(StatusTest, DropsMetadataThatIsTooLarge) {
  const absl::Status error =
      base::MakeError(absl::StatusCode::kInternal, "big",
                      {.reason = "BIG", .metadata = {{"value", std::string(10'000, 'x')}}});
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_LE(status.error_details().size(), limits::kErrorDetailBytesMax);
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(Details(status)).reason(), "BIG");
}

}  // namespace
}  // namespace campaigner::rpc

#include "server/rpc/status.h"

#include <string>
#include <string_view>

#include "google/rpc/error_details.pb.h"
#include "server/base/error.h"
#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::rpc {
namespace {

namespace limits = base::limits;

// gRPC percent-encodes what is not printable ASCII: three bytes for one.
size_t EncodedSize(char c) { return c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3; }

std::string_view TruncateMessage(std::string_view message) {
  size_t encoded = 0;
  for (size_t i = 0; i < message.size(); ++i) {
    encoded += EncodedSize(message[i]);
    if (encoded > limits::kErrorMessageBytesMax) return base::TruncateUtf8(message, i);
  }
  return message;
}

google::rpc::ErrorInfo MakeErrorInfo(const base::ErrorDetail& detail) {
  google::rpc::ErrorInfo info;
  info.set_reason(detail.reason);
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : detail.metadata) (*info.mutable_metadata())[key] = value;
  return info;
}

google::rpc::RetryInfo MakeRetryInfo(absl::Duration retry_after) {
  google::rpc::RetryInfo info;
  absl::Duration rest;
  info.mutable_retry_delay()->set_seconds(absl::IDivDuration(retry_after, absl::Seconds(1), &rest));
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return info;
}

// As many violations as leave room for the rest of the details.
google::rpc::BadRequest MakeBadRequest(const base::ErrorDetail& detail, size_t bytes_max) {
  google::rpc::BadRequest bad_request;
  size_t bytes = 0;
  for (const base::FieldViolation& violation : detail.violations) {
    constexpr size_t kFraming = 12;  // Tags and lengths.
    bytes += violation.field.size() + violation.description.size() + kFraming;
    if (bytes > bytes_max) break;
    auto* added = bad_request.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  return bad_request;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  result.set_code(status.raw_code());
  result.set_message(std::string(TruncateMessage(base::ToStd(status.message()))));
  base::ErrorDetail detail = base::GetErrorDetail(status);
  if (detail.reason.empty()) return result;

  result.add_details()->PackFrom(MakeErrorInfo(detail));
  if (result.ByteSizeLong() > limits::kErrorDetailBytesMax / 2) {
    detail.metadata.clear();
    result.mutable_details(0)->PackFrom(MakeErrorInfo(detail));
  }
  if (detail.retry_after) result.add_details()->PackFrom(MakeRetryInfo(*detail.retry_after));
  if (!detail.violations.empty()) {
    constexpr size_t kEnvelope = 64;  // The type's name and lengths.
    const size_t taken = result.ByteSizeLong() + kEnvelope;
    const size_t left =
        taken < limits::kErrorDetailBytesMax ? limits::kErrorDetailBytesMax - taken : 0;
    result.add_details()->PackFrom(MakeBadRequest(detail, left));
  }
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

}  // namespace campaigner::rpc

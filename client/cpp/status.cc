#include "client/cpp/status.h"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/error.h"
#include "server/base/text.h"

namespace campaigner::client {
namespace {

void AddDetail(const google::protobuf::Any& any, base::ErrorDetail& detail) {
  if (google::rpc::ErrorInfo info; any.UnpackTo(&info)) {
    detail.reason = info.reason();
    detail.metadata = {info.metadata().begin(), info.metadata().end()};
  } else if (google::rpc::BadRequest bad_request; any.UnpackTo(&bad_request)) {
    for (const auto& violation : bad_request.field_violations()) {
      detail.violations.push_back({violation.field(), violation.description()});
    }
  } else if (google::rpc::RetryInfo retry; any.UnpackTo(&retry)) {
    detail.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                         absl::Nanoseconds(retry.retry_delay().nanos());
  }
}

}  // namespace

absl::Status ToAbslStatus(const google::rpc::Status& status) {
  // Out-of-range numbers from a stranger become UNKNOWN, as gRPC itself does.
  const bool is_known = status.code() >= 0 && status.code() <= 16;
  const auto code =
      is_known ? static_cast<absl::StatusCode>(status.code()) : absl::StatusCode::kUnknown;
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  if (status.details().empty()) return absl::Status(code, status.message());
  base::ErrorDetail detail;
  for (const google::protobuf::Any& any : status.details()) AddDetail(any, detail);
  return base::MakeError(code, status.message(), std::move(detail));
}

absl::Status ToAbslStatus(const grpc::Status& status) {
  google::rpc::Status wire;
  if (!status.error_details().empty() && !wire.ParseFromString(status.error_details())) {
    wire.clear_details();
  }
  // The trailer's own code and message count: what the details repeat may be cut.
  wire.set_code(status.error_code());
  wire.set_message(status.error_message());
  if (status.error_code() == grpc::StatusCode::CANCELLED && wire.details().empty()) {
    wire.set_code(grpc::StatusCode::UNAVAILABLE);
    wire.set_message("the server went away before it took the call");
  }
  return ToAbslStatus(wire);
}

}  // namespace campaigner::client

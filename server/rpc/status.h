#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace campaigner::rpc {

// The domain of every ErrorInfo.
inline constexpr char kErrorDomain[] = "campaigner";

// An error as google.rpc.Status: code, message, and of base::ErrorDetail an ErrorInfo, a BadRequest
// and a RetryInfo. Cut down to limits::kErrorMessageBytesMax (as gRPC encodes it) and
// limits::kErrorDetailBytesMax, violations from the end first: gRPC's clients drop a whole error
// whose metadata is larger than theirs may be.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The same as a call's end: the google.rpc.Status travels in grpc-status-details-bin.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace campaigner::rpc

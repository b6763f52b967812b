#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

// Errors as they come over the wire, as absl::Status. Reason, metadata, field violations and
// retry_after (google.rpc.ErrorInfo, BadRequest and RetryInfo) are read with base::GetErrorDetail.
// What cannot be parsed is left out; the code and the message always arrive.
namespace campaigner::client {

// Of a call that was not cancelled here. gRPC's own CANCELLED then comes from a server that ends,
// for a call which it never took: UNAVAILABLE, so that it is repeated.
absl::Status ToAbslStatus(const grpc::Status& status);
absl::Status ToAbslStatus(const google::rpc::Status& status);

}  // namespace campaigner::client

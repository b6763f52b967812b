#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/message.h"
#include "server/base/error.h"

// Errors in the words of the native interface: {"error": {"code", "message", "status", "details"}},
// as google.rpc.Status in JSON.
namespace campaigner::gateway {

// The HTTP status of a gRPC code, by google/rpc/code.proto.
int HttpStatus(absl::StatusCode code);

// When to come back: what the error says, or for UNAVAILABLE limits::kRetryAfter; else zero.
absl::Duration RetryAfter(const absl::Status& status, const base::ErrorDetail& detail);

// What gRPC itself says of a broken connection names our addresses, and is nothing that a caller
// can act on: it becomes UNAVAILABLE, SERVER_AWAY. What the server says has a reason and stays.
absl::Status WithoutAddresses(absl::Status status);

// Everything that is known of an error, Retry-After included.
http::Response NativeError(const absl::Status& status);

// An error that the HTTP server or router found; its reason names the status
// ("HTTP_METHOD_NOT_ALLOWED"). A http::FormatError.
http::Response NativeHttpError(int status, std::string_view message);

}  // namespace campaigner::gateway

#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/http/message.h"
#include "gateway/native/rpc.h"

// Between HTTP requests and protobuf messages, by the rules of google.api.http and of protobuf's
// JSON. Errors are INVALID_ARGUMENT and name the field; they never quote what was sent. All pure.
namespace campaigner::gateway::native {

// The request message of an RPC: its body, then the query, then the path's variables, which win.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> BindRequest(
    const HttpRpc& rpc, const http::Request& request);

// What is wrong with a field of a request, by its path ("" is the request itself): a clause
// ("takes no body").
absl::Status FieldError(std::string_view field, std::string_view description);

// Strict JSON into a message. Nothing ("") is an empty message.
absl::Status ParseJson(std::string_view json, google::protobuf::Message& message);

// Parameters into the fields that their names lead to ("campaign.order"; several of one name where
// the field is repeated). Enumerations by their names, whatever the case.
absl::Status BindParameters(const http::Parameters& parameters, google::protobuf::Message& message);

// A message as JSON, with every field but absent messages and optional ones.
std::string ToJson(const google::protobuf::Message& message);

}  // namespace campaigner::gateway::native

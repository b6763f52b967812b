#pragma once

#include <google/protobuf/message.h>

#include <string_view>

#include "campaigner/v1/message_service.pb.h"
#include "gateway/http/message.h"

namespace campaigner::gateway {

// What the server is told of a caller. A key with anything but printable ASCII, which no key has
// and gRPC's metadata cannot carry, becomes one that nobody has. Pure.
v1::Credentials MakeCredentials(std::string_view api_key, std::string_view client_address);

// The caller's key, from X-Api-Key or "Authorization: Bearer", and address. Pure.
v1::Credentials CredentialsOf(const http::Request& request);

// Takes every campaigner.v1.Credentials out of a message, however deep: the server believes this
// gateway in them, so a caller must not be able to write them.
void RemoveCredentials(google::protobuf::Message& message);

}  // namespace campaigner::gateway

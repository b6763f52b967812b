#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {

// A violation unless it is empty or 1 to limits::kRequestIdBytesMax printable ASCII characters.
void CheckRequestId(std::string_view request_id, Violations& violations);

// What was asked, so that a repeat with other content is noticed. 32 bytes.
std::string HashRequest(const google::protobuf::Message& request);

}  // namespace campaigner::services

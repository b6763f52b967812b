#pragma once

#include <string_view>

#include "server/services/convert/violations.h"

namespace campaigner::services {

// A violation unless it is empty or 1 to limits::kRequestIdBytesMax printable ASCII characters.
void CheckRequestId(std::string_view request_id, Violations& violations);

}  // namespace campaigner::services

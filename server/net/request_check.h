#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/net/http_client.h"

namespace campaigner::net {

// Where a request goes ("https://example.com:443"), if it may be sent at all. INVALID_ARGUMENT says
// why not: a method other than GET, POST, PUT, PATCH and DELETE; a URL that is malformed, neither
// http nor https, or names a user; a header that is no header, holds CR, LF or NUL, or would change
// the framing of the request.
absl::StatusOr<std::string> CheckRequest(const HttpRequest& request);

}  // namespace campaigner::net

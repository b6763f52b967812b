#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "gateway/backend.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"

// O3GO Campaigner's interface: POST /ext/api/v1/messages/send, and the misspelt path that the live
// service takes too. Errors have the shape of that service: {"detail": "..."}, or for bad fields
// 422 with {"detail": [{"loc": ["body", 0, "dst_addr"], "msg": "...", "type": "..."}]}.
namespace campaigner::gateway::dialects {

std::vector<http::Route> O3goRoutes(Backend& backend);

// What a request asks the server to do, or what is wrong with it, checked in this order: 403 no
// key, 400 no JSON, 413 more than 10,000 messages, 422 fields. An empty array is 422: nothing was
// asked. Unknown fields are ignored, null counts as absent, of several fields of one name the last
// counts. Pure.
std::variant<v1::SendMessagesRequest, http::Response> ParseO3goSend(const http::Request& request);

// The key from X-Api-Key, else from the query's x-api-key or x_api_key. Pure.
v1::Credentials O3goCredentials(const http::Request& request);

// The documented answer to an accepted request. Pure.
http::Response FormatO3goSend(const v1::SendMessagesRequest& request,
                              const v1::SendMessagesResponse& response);

// The documented answer to what the server refused. Pure.
http::Response FormatO3goError(const absl::Status& status);

// {"detail": "..."}. A http::FormatError.
http::Response O3goHttpError(int status, std::string_view message);

}  // namespace campaigner::gateway::dialects

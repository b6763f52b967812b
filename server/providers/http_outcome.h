#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/net/http_client.h"
#include "server/providers/provider.h"

namespace campaigner::providers {

// What an exchange means for the message, as far as HTTP itself tells. Providers look at their own
// codes after.
//
//   no connection, client overloaded      passing failure
//   request or address that may not be    misconfigured
//   no answer                             unknown
//   answer larger than the caps           by its status; unknown for 2xx, for nobody knows what it
//                                         says
//   2xx                                   accepted
//   429                                   throttled, with Retry-After
//   5xx, 408, 425                         passing failure, with Retry-After
//   3xx, 401, 403, 404, 405, 407          misconfigured: it concerns the address or the
//                                         credentials, not the message
//   other 4xx                             rejected
//
// The detail is "HTTP 503: " and the start of the answer, without `secrets`.
SubmitOutcome OutcomeOf(const net::HttpResult& result, const std::vector<std::string>& secrets);

// `text` as a SubmitOutcome's detail: printable, short, without secrets.
std::string Detail(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace campaigner::providers

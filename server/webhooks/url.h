#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/net/address.h"

namespace campaigner::webhooks {

// Whether `url` is one that a webhook may have: http or https, a host, no user name or password,
// printable ASCII of at most limits::kUrlBytesMax. INVALID_ARGUMENT with a message that fits behind
// a field's name ("must be ..").
absl::Status ValidateWebhookUrl(std::string_view url);

// INVALID_ARGUMENT, as above, if the host of `url` is an address, however written, that is neither
// public nor in `allowed_networks`. Only a courtesy to whoever typed it: what is really dialled is
// checked at connect time. OK for whatever has no address in it.
absl::Status CheckWebhookAddress(std::string_view url, const net::NetworkList& allowed_networks);

// "https://host:port", in lower case and with the port that the scheme implies: URLs with the same
// destination share a receiver. The URL itself for what is none.
std::string UrlDestination(std::string_view url);

}  // namespace campaigner::webhooks

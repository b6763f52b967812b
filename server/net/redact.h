#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace campaigner::net {

// `text` with every occurrence of a secret replaced by "***", the longest first. An occurrence may
// be written as it is, or with any of its characters percent-encoded (either case), "+" for a
// space, escaped as in JSON or as in XML. Empty secrets are ignored.
std::string Redact(std::string_view text, const std::vector<std::string>& secrets);

// `url` with every value of its query replaced by "***"; names stay.
std::string RedactQueryValues(std::string_view url);

}  // namespace campaigner::net

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace campaigner::gateway::http {

// Undoes percent-encoding. Nothing for "%" without two hexadecimal digits behind it.
// `plus_is_space`: as in queries and forms.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);

// The parameters of a query or a form body, decoded, in order; one without "=" has an empty value.
// Nothing for broken encoding or more than limits::kParametersMax.
std::optional<Parameters> ParseQuery(std::string_view query);

// The value of the first parameter of that name.
std::optional<std::string_view> FindParameter(const Parameters& parameters, std::string_view name);

}  // namespace campaigner::gateway::http

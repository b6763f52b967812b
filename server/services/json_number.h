#pragma once

#include <string_view>

namespace campaigner::services {

// Whether `text` is a number as JSON writes it (RFC 8259, section 6): it goes into a webhook's body
// as it is.
bool IsJsonNumber(std::string_view text);

}  // namespace campaigner::services

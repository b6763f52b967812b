#pragma once

#include <string_view>

namespace campaigner::domain {

// Whether `text` is a number as JSON writes it (RFC 8259, section 6): it goes into a webhook's body
// as it is. Not by a JSON library: those turn it into a double, and it has to go back digit for
// digit.
bool IsJsonNumber(std::string_view text);

}  // namespace campaigner::domain

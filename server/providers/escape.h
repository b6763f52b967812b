#pragma once

#include <string>
#include <string_view>

// Values made safe for the place in which they will stand.
namespace campaigner::providers {

// Everything but RFC 3986's unreserved characters as %XX. For any part of a URL, and for form
// bodies.
std::string PercentEncode(std::string_view value);

// The inside of a JSON string. Invalid UTF-8 becomes U+FFFD.
std::string JsonEscape(std::string_view value);

// Character data or an attribute's value of XML 1.0. Control characters, which it cannot carry,
// become spaces.
std::string XmlEscape(std::string_view value);

}  // namespace campaigner::providers

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

// Values of headers that carry parameters: `form-data; name="file"`. All pure.
namespace campaigner::gateway::http {

struct HeaderValue {
  // Both in lower case.
  std::string value;
  // Names in lower case, values as they are meant: quotes and backslashes undone; of "name*"
  // (RFC 8187) in UTF-8 the text, under "name", where it takes the place of a plain one.
  Parameters parameters;

  // Empty where there is none.
  std::string_view Parameter(std::string_view name) const;
};

// Nothing for broken syntax, or a parameter that is given twice.
std::optional<HeaderValue> ParseHeaderValue(std::string_view text);

// A Content-Disposition with which a browser saves a file under this name (RFC 6266): what is not
// plain ASCII is in filename*, with "_" in its place in filename. Folders are left out.
std::string AttachmentDisposition(std::string_view file_name);

// The name without folders of either kind of system.
std::string_view BaseName(std::string_view path);

}  // namespace campaigner::gateway::http

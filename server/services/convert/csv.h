#pragma once

#include <string>
#include <string_view>

namespace campaigner::services {

// Appends a cell of a CSV file (RFC 4180). A text that a spreadsheet would take for a formula (it
// begins with = + - @, a tab or a carriage return, and is neither a plain number nor a
// phone number) gets an apostrophe in
// front, which shows it as text.
void AppendCsvCell(std::string_view value, std::string& text);

}  // namespace campaigner::services

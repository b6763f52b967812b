#pragma once

#include <string>
#include <string_view>

namespace campaigner::services {

// A value of a CSV file by RFC 4180, where there is need in quotes. One that a spreadsheet would
// take for a formula (it begins with = + - @, a tab or a line end) gets an apostrophe before it:
// what comes from a stranger's file must do nothing on the machine of whoever opens it.
void AppendCsvValue(std::string_view value, std::string& text);

}  // namespace campaigner::services

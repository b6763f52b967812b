#pragma once

#include <cstddef>
#include <ostream>
#include <string>

// What is shown to people who look at a terminal.
namespace campaigner::cli {

// Whether it is this process's standard output and somebody looks at it.
bool IsTerminal(const std::ostream& stream);

// Columns of the terminal: the variable COLUMNS, or what the standard output or error says; 80
// where nobody tells.
size_t TerminalColumns();

// As much of a line as `columns` characters hold. UTF-8; a line that is cut ends with "…".
std::string CutToColumns(const std::string& line, size_t columns);

}  // namespace campaigner::cli

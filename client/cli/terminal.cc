#include "client/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "server/base/text.h"

namespace campaigner::cli {
namespace {

constexpr size_t kColumns = 80;

}  // namespace

bool IsTerminal(const std::ostream& stream) {
  return &stream == &std::cout && isatty(STDOUT_FILENO) == 1;
}

size_t TerminalColumns() {
  if (const char* const variable = std::getenv("COLUMNS"); variable != nullptr) {
    const std::string_view text = variable;
    size_t columns = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
    if (error == std::errc() && end == text.data() + text.size() && columns > 0) return columns;
  }
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    winsize size = {};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return kColumns;
}

std::string CutToColumns(const std::string& line, size_t columns) {
  if (base::CountCodePoints(line) <= columns) return line;
  if (columns == 0) return "";
  std::string_view kept = line;
  while (base::CountCodePoints(kept) >= columns) {
    kept = base::TruncateUtf8(kept, kept.size() - 1);
  }
  return std::string(kept) + "…";
}

}  // namespace campaigner::cli

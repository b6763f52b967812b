#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "server/imports/reading/row_source.h"
#include "tests/fuzz/input.h"

// An XLS file of any kind is read to its end or refused, and nothing dies but the process that
// reads it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace imports = campaigner::imports;
  using campaigner::fuzz::Require;
  // Not closed before the other process opens it by this path.
  static const int kFile = memfd_create("xls", 0);
  static const std::string kPath =
      "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(kFile);
  Require(ftruncate(kFile, 0) == 0);
  Require(pwrite(kFile, data, size, 0) == static_cast<ssize_t>(size));
  imports::Format format;
  const auto source = imports::OpenRowSource(kPath, format);
  Require(source.ok() || source.status().code() == absl::StatusCode::kInvalidArgument);
  if (!source.ok()) return 0;
  imports::RawRow row;
  int rows = 0;
  while (true) {
    const auto more = (*source)->Next(row);
    Require(more.ok());
    if (!*more) return 0;
    Require(++rows <= 65'536 || (*source)->file_kind() == std::string_view("CSV"));
  }
}

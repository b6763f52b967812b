// campaigner-xls PATH SHEET: the server's hands for XLS files, which it does not touch itself.
// Writes the sheet as text to standard output and exits with 0; where it cannot, as xls_text.h
// says.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/imports/reading/xls_text.h"

namespace {

void Limit(int resource, int64_t most) {
  const rlimit limit = {static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace campaigner::imports;
  namespace limits = campaigner::base::limits;
  if (argc != 3) return 2;
    // Sanitizers need terabytes of addresses.
#ifndef CAMPAIGNER_SANITIZED
  Limit(RLIMIT_AS, limits::kImportXlsMemoryBytesMax);
#endif
  Limit(RLIMIT_CPU, limits::kImportXlsSecondsMax);
  Limit(RLIMIT_FSIZE, limits::kImportXlsTextBytesMax);
  Limit(RLIMIT_CORE, 0);
  const int32_t sheet = std::atoi(argv[2]);
  const absl::Status status = campaigner::imports::WriteXlsAsText(argv[1], sheet, stdout);
  if (status.ok() && std::fflush(stdout) == 0) return 0;
  if (status.ok() || absl::IsUnavailable(status)) return kXlsNoRoom;
  const std::string reason(campaigner::base::ToStd(status.message()));
  std::fwrite(reason.data(), 1, reason.size(), stderr);
  return kXlsRefused;
}

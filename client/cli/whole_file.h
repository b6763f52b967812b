#pragma once

#include <ostream>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace campaigner::cli {

// Writes `path` by a file beside it, which takes its name when it is whole: what is there is never
// half. What `write` answers; UNAVAILABLE, naming the path: the file cannot be written. Nothing is
// left beside it then.
absl::Status WriteWholeFile(const std::string& path,
                            absl::FunctionRef<absl::Status(std::ostream& file)> write);

}  // namespace campaigner::cli

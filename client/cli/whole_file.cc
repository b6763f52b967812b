#include "client/cli/whole_file.h"

#include <cstdio>
#include <fstream>

namespace campaigner::cli {

absl::Status WriteWholeFile(const std::string& path,
                            absl::FunctionRef<absl::Status(std::ostream& file)> write) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  // Asked before the server is.
  if (!file) return absl::UnavailableError("cannot write " + part);
  absl::Status status = write(file);
  file.close();
  if (status.ok() && file.fail()) status = absl::UnavailableError("cannot write " + part);
  if (status.ok() && std::rename(part.c_str(), path.c_str()) != 0) {
    status = absl::UnavailableError("cannot write " + path);
  }
  if (!status.ok()) std::remove(part.c_str());
  return status;
}

}  // namespace campaigner::cli

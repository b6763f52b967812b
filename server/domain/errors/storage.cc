#include "server/domain/errors/storage.h"

#include <fmt/format.h>

#include "server/base/error.h"

namespace campaigner::domain::errors {

using absl::StatusCode;
using base::MakeError;

absl::Status StorageInUse(std::string_view lock_path, int64_t process_id) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("another server uses this database (process {}, lock file {})",
                               process_id, lock_path),
                   {.reason = "STORAGE_IN_USE",
                    .metadata = {{"process_id", std::to_string(process_id)},
                                 {"lock_path", std::string(lock_path)}}});
}

absl::Status StorageTooNew(int64_t version, int64_t known_version) {
  return MakeError(StatusCode::kFailedPrecondition,
                   fmt::format("the database has schema version {}, this program knows only {}: "
                               "a newer version has written it",
                               version, known_version),
                   {.reason = "STORAGE_TOO_NEW",
                    .metadata = {{"version", std::to_string(version)},
                                 {"known_version", std::to_string(known_version)}}});
}

absl::Status StorageForeign(int64_t number, std::string_view cause) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      fmt::format("the database does not fit migration {}: {}", number, cause),
      {.reason = "STORAGE_FOREIGN",
       .metadata = {{"migration", std::to_string(number)}, {"cause", std::string(cause)}}});
}

}  // namespace campaigner::domain::errors

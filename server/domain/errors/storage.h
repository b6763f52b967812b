#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

// Errors of opening a database: for whoever starts the server.
namespace campaigner::domain::errors {

// FAILED_PRECONDITION, STORAGE_IN_USE: another server holds `lock_path`. Process id 0: unknown.
absl::Status StorageInUse(std::string_view lock_path, int64_t process_id);
// FAILED_PRECONDITION, STORAGE_TOO_NEW: a newer version of the program wrote it.
absl::Status StorageTooNew(int64_t version, int64_t known_version);
// FAILED_PRECONDITION, STORAGE_FOREIGN: migration `number` was applied with other content, or the
// file is another program's.
absl::Status StorageForeign(int64_t number, std::string_view cause);

}  // namespace campaigner::domain::errors

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/imports/reading/byte_source.h"

namespace campaigner::imports {

// A sheet (counted from 1) of an XLS file as text, see WriteXlsAsText. It is read by another
// process (campaigner-xls, beside this program), with limits of its own: FreeXL takes gigabytes for
// a file of some kilobytes if that only says so, and dies of some that are damaged. The text is in
// memory. Waits for the process: at most limits::kImportXlsSecondsMax of a processor.
//
// INVALID_ARGUMENT with a reason that fits behind the file's name: it is too large, damaged, behind
// a password, or has no such sheet. UNAVAILABLE where the process cannot be run.
absl::StatusOr<std::unique_ptr<ByteSource>> ConvertXls(const std::string& path, int64_t file_bytes,
                                                       int32_t sheet);

}  // namespace campaigner::imports

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "campaigner/v1/import_service.pb.h"
#include "server/imports/reading/format.h"
#include "server/imports/reading/row_source.h"
#include "server/services/convert/violations.h"
#include "server/services/environment.h"

namespace campaigner::services {

// What a preview or an import is asked to read, checked and opened.
struct ImportInput {
  int64_t upload_id = 0;  // 0: pasted text.
  std::string text;
  // With what was found out about the file.
  imports::Format format;
  std::unique_ptr<imports::RowSource> rows;
};

// INVALID_ARGUMENT names the fields: a bad format, not exactly one source, a file that cannot be
// read so. NOT_FOUND: the upload, also another account's. An upload counts as used. Blocks.
absl::StatusOr<ImportInput> OpenImport(const CallContext& call, const v1::ImportSource& source,
                                       const v1::ImportFormat& format, Violations& violations);

}  // namespace campaigner::services

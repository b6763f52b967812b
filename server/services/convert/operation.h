#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "campaigner/v1/import_service.pb.h"
#include "campaigner/v1/operation.pb.h"
#include "server/domain/operation.h"
#include "server/storage/import_store.h"

namespace campaigner::services {

// `units_per_second` 0: not known.
void OperationToProto(const domain::Operation& operation, double units_per_second,
                      v1::Operation* proto);
void ImportToProto(const domain::Operation& operation, const storage::ImportDetails& details,
                   v1::ImportProgress* proto);

void UploadToProto(const domain::Upload& upload, v1::Upload* proto);

// Without the folders that some browsers send along. INVALID_ARGUMENT, field file_name: empty, too
// long, or with control characters.
absl::StatusOr<std::string> FileNameFromProto(const std::string& name);

}  // namespace campaigner::services

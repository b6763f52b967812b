#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "campaigner/v1/import_service.pb.h"
#include "server/imports/reading/format.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {

// Violations name the fields within "format".
imports::Format FormatFromProto(const v1::ImportFormat& proto, Violations& violations);
void FormatToProto(const imports::Format& format, v1::ImportFormat* proto);

// As it is kept with an import, and read again by whoever does the work.
std::string FormatToBytes(const imports::Format& format);
// INTERNAL for bytes that FormatToBytes did not make.
absl::StatusOr<imports::Format> FormatFromBytes(const std::string& bytes);

}  // namespace campaigner::services

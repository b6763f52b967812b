#include "server/services/import_source.h"

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/requests.h"
#include "server/services/convert/import_format.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

void CheckSource(const v1::ImportSource& source, Violations& violations) {
  if (source.upload_id() == 0 && source.text().empty()) {
    violations.Add("source", "is required: upload_id or text");
  } else if (source.upload_id() != 0 && !source.text().empty()) {
    violations.Add("source.text", "excludes upload_id: one of the two");
  }
  if (source.upload_id() < 0) violations.Add("source.upload_id", "must be positive");
  if (source.text().size() > limits::kPastedTextBytesMax) {
    violations.Add("source.text", fmt::format("must have at most {} bytes: upload it as a file",
                                              limits::kPastedTextBytesMax));
  }
}

// A reader's reasons fit behind the name of a file, and so behind that of a field.
absl::Status Explain(const absl::Status& status, const char* field) {
  if (!absl::IsInvalidArgument(status)) return status;
  return domain::errors::InvalidField(field, base::ToStd(status.message()));
}

}  // namespace

absl::StatusOr<ImportInput> OpenImport(const CallContext& call, const v1::ImportSource& source,
                                       const v1::ImportFormat& format, Violations& violations) {
  CheckSource(source, violations);
  ImportInput input;
  input.format = FormatFromProto(format, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  if (source.upload_id() == 0) {
    input.text = source.text();
    auto rows = imports::OpenPastedRows(input.text, input.format);
    if (!rows.ok()) return Explain(rows.status(), "source.text");
    input.rows = *std::move(rows);
    return input;
  }
  input.upload_id = source.upload_id();
  RETURN_IF_ERROR(
      call.env.store.UseUpload(call.account_id(), input.upload_id, call.now()).status());
  auto rows = imports::OpenRowSource(call.env.uploads.PathOf(input.upload_id), input.format);
  // Its row is there: the file was lost, or deleted this moment.
  if (absl::IsNotFound(rows.status())) return domain::errors::UploadNotFound(input.upload_id);
  if (!rows.ok()) return Explain(rows.status(), "source.upload_id");
  input.rows = *std::move(rows);
  return input;
}

}  // namespace campaigner::services

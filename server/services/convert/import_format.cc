#include "server/services/convert/import_format.h"

#include <fmt/format.h>

#include "server/base/text.h"
#include "server/domain/errors/requests.h"
#include "server/imports/reading/separator.h"

namespace campaigner::services {
namespace {

std::string ReadSeparator(const char* field, const std::string& typed, Violations& violations) {
  absl::StatusOr<std::string> separator = imports::ParseSeparator(typed);
  if (separator.ok()) return *std::move(separator);
  violations.Add(field, separator.status());
  return "";
}

}  // namespace

imports::Format FormatFromProto(const v1::ImportFormat& proto, Violations& violations) {
  imports::Format format;
  if (v1::ImportFormat::Encoding_IsValid(proto.encoding())) {
    format.encoding = static_cast<imports::Encoding>(proto.encoding());
  } else {
    violations.Add("format.encoding", "is not known");
  }
  format.skip_rows = proto.skip_rows();
  format.row_separator = ReadSeparator("format.row_separator", proto.row_separator(), violations);
  format.column_separator =
      ReadSeparator("format.column_separator", proto.column_separator(), violations);
  if (proto.has_quote()) {
    format.quote.reset();
    if (proto.quote().size() == 1) format.quote = proto.quote().front();
    if (proto.quote().size() > 1) {
      violations.Add("format.quote", "must be one ASCII character, or empty");
    }
  }
  if (proto.address_column() != 0) format.address_column = proto.address_column();
  for (const v1::ImportFormat::FieldColumn& field : proto.fields()) {
    format.fields.push_back(
        {.name = field.name(), .column = field.column(), .header = field.header()});
  }
  format.external_id_column = proto.external_id_column();
  format.address_header = proto.address_header();
  format.external_id_header = proto.external_id_header();
  if (proto.sheet() != 0) format.sheet = proto.sheet();
  format.header_names_fields = proto.header_names_fields();
  for (const base::FieldViolation& violation : imports::ValidateFormat(format)) {
    violations.Add("format." + violation.field, violation.description);
  }
  return format;
}

void FormatToProto(const imports::Format& format, v1::ImportFormat* proto) {
  proto->set_encoding(static_cast<v1::ImportFormat::Encoding>(format.encoding));
  proto->set_skip_rows(format.skip_rows);
  proto->set_row_separator(imports::WriteSeparator(format.row_separator));
  proto->set_column_separator(imports::WriteSeparator(format.column_separator));
  proto->set_quote(format.quote ? std::string(1, *format.quote) : "");
  proto->set_address_column(format.address_column);
  for (const imports::FieldColumn& field : format.fields) {
    v1::ImportFormat::FieldColumn* added = proto->add_fields();
    added->set_name(field.name);
    added->set_column(field.column);
    added->set_header(field.header);
  }
  proto->set_external_id_column(format.external_id_column);
  proto->set_sheet(format.sheet);
  proto->set_address_header(format.address_header);
  proto->set_external_id_header(format.external_id_header);
  proto->set_header_names_fields(format.header_names_fields);
}

std::string FormatToBytes(const imports::Format& format) {
  v1::ImportFormat proto;
  FormatToProto(format, &proto);
  return proto.SerializeAsString();
}

absl::StatusOr<imports::Format> FormatFromBytes(const std::string& bytes) {
  v1::ImportFormat proto;
  Violations violations;
  imports::Format format;
  if (proto.ParseFromString(bytes)) format = FormatFromProto(proto, violations);
  if (proto.address_column() == 0 || !violations.empty()) {
    return domain::errors::Internal("the format of an import cannot be read");
  }
  return format;
}

}  // namespace campaigner::services

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/operation_view.h"
#include "client/cli/parse.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::ImportFormat;
using v1::Operation;

struct ImportOptions {
  int64_t campaign_id = 0;
  std::string path;
  ImportFormat::Encoding encoding = ImportFormat::ENCODING_UNSPECIFIED;
  int32_t skip_rows = 0;
  std::string row_separator;
  std::string column_separator;
  // CLI11 cannot tell "" from absent in a string.
  std::vector<std::string> quote;
  std::string address_column;
  std::vector<std::string> fields;
  std::string external_id_column;
  int32_t sheet = 0;
  bool header_names_fields = false;
  bool replaces = false;
  std::optional<int32_t> preview_rows;
  bool does_not_wait = false;
  std::string rejected_path;
};
struct FileOptions {
  std::string path;
};
struct IdOptions {
  int64_t id = 0;
};

// Columns are given by their number, or by what the header says above them.
bool IsNumber(const std::string& column, int32_t& number) {
  return CLI::detail::lexical_cast(column, number);
}

absl::StatusOr<ImportFormat> MakeFormat(const ImportOptions& options) {
  ImportFormat format;
  format.set_encoding(options.encoding);
  format.set_skip_rows(options.skip_rows);
  format.set_row_separator(options.row_separator);
  format.set_column_separator(options.column_separator);
  if (!options.quote.empty()) format.set_quote(options.quote.back());
  int32_t number = 0;
  if (IsNumber(options.address_column, number)) {
    format.set_address_column(number);
  } else {
    format.set_address_header(options.address_column);
  }
  ASSIGN_OR_RETURN(const auto fields, ParseFields(options.fields));
  for (const auto& [name, column] : fields) {
    ImportFormat::FieldColumn* field = format.add_fields();
    field->set_name(name);
    if (IsNumber(column, number)) {
      field->set_column(number);
    } else {
      field->set_header(column);
    }
  }
  if (IsNumber(options.external_id_column, number)) {
    format.set_external_id_column(number);
  } else {
    format.set_external_id_header(options.external_id_column);
  }
  format.set_sheet(options.sheet);
  format.set_header_names_fields(options.header_names_fields);
  return format;
}

absl::StatusOr<v1::Upload> Upload(Session& session, const std::string& path) {
  const bool shows_bar = !session.as_json && isatty(STDERR_FILENO) == 1;
  const auto progress = [&](int64_t bytes) {
    if (shows_bar) session.err << fmt::format("\r\x1b[Kuploaded {} bytes", bytes) << std::flush;
    return true;
  };
  absl::StatusOr<v1::Upload> upload =
      path == "-" ? session.client.UploadFile({.name = "stdin"}, std::cin, progress)
                  : session.client.UploadFile(
                        {.name = std::filesystem::path(path).filename().string()}, path, progress);
  if (shows_bar) session.err << "\n";
  return upload;
}

std::string ShowFields(const v1::PreviewImportResponse::Row& row) {
  const std::map<std::string, std::string> sorted(row.fields().begin(), row.fields().end());
  std::string text;
  for (const auto& [name, value] : sorted) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

// "1: recipient, 2: name".
std::string ShowColumns(const ImportFormat& format) {
  std::multimap<int32_t, std::string> columns = {{format.address_column(), "recipient"}};
  for (const auto& field : format.fields()) columns.emplace(field.column(), field.name());
  if (format.external_id_column() != 0) columns.emplace(format.external_id_column(), "external id");
  std::string text;
  for (const auto& [column, use] : columns) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", column, use);
  }
  return text;
}

// The row as it stands in the file: what is wrong in it, its reading does not show.
std::string ShowCells(const v1::PreviewImportResponse::Row& row) {
  return row.problems().empty() ? "" : fmt::format("{}", fmt::join(row.cells(), " | "));
}

absl::Status Preview(Session& session, const ImportOptions& options, int64_t upload_id,
                     const ImportFormat& format) {
  v1::PreviewImportRequest request;
  request.set_campaign_id(options.campaign_id);
  request.mutable_source()->set_upload_id(upload_id);
  *request.mutable_format() = format;
  request.set_row_count(*options.preview_rows);
  ASSIGN_OR_RETURN(const auto preview, session.client.PreviewImport(request));
  if (session.as_json) {
    session.out << ToJson(preview);
    return absl::OkStatus();
  }
  Table table({"ROW", "RECIPIENT", "SEGMENTS", "TEXT", "FIELDS", "PROBLEMS", "CELLS"});
  for (const auto& row : preview.rows()) {
    std::string problems;
    for (const std::string& problem : row.problems()) {
      problems += (problems.empty() ? "" : "; ") + problem;
    }
    table.Add({std::to_string(row.number()), row.recipient(), std::to_string(row.segments()),
               row.text(), ShowFields(row), problems, ShowCells(row)});
  }
  session.out << table.Format();
  session.err << fmt::format("columns: {}\n", ShowColumns(preview.format()));
  if (preview.file_kind() == "CSV") {
    session.err << fmt::format("CSV, {}, columns separated by \"{}\"\n",
                               ImportFormat::Encoding_Name(preview.format().encoding()),
                               preview.format().column_separator());
  }
  return absl::OkStatus();
}

// What was uploaded for this command alone. That it stays for a day is no failure of the command.
void DropUpload(Session& session, int64_t upload_id) {
  v1::DeleteUploadRequest request;
  request.set_upload_id(upload_id);
  (void)session.client.DeleteUpload(request);
}

absl::StatusOr<Operation> Begin(Session& session, const ImportOptions& options, int64_t upload_id,
                                const ImportFormat& format) {
  v1::ImportRecipientsRequest request;
  request.set_campaign_id(options.campaign_id);
  request.mutable_source()->set_upload_id(upload_id);
  *request.mutable_format() = format;
  if (options.replaces) request.set_mode(v1::ImportRecipientsRequest::REPLACE);
  return session.client.ImportRecipients(request);
}

absl::Status Import(Session& session, const ImportOptions& options) {
  ASSIGN_OR_RETURN(const ImportFormat format, MakeFormat(options));
  ASSIGN_OR_RETURN(const v1::Upload upload, Upload(session, options.path));
  if (options.preview_rows) {
    const absl::Status shown = Preview(session, options, upload.id(), format);
    DropUpload(session, upload.id());
    return shown;
  }
  const absl::StatusOr<Operation> begun = Begin(session, options, upload.id(), format);
  if (!begun.ok()) DropUpload(session, upload.id());
  if (!begun.ok()) return begun.status();
  if (options.does_not_wait) {
    ShowOperation(session, *begun);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Operation ended, FollowOperation(session, begun->id()));
  DropUpload(session, upload.id());
  if (!session.as_json) ShowOperation(session, ended);
  if (!options.rejected_path.empty()) {
    RETURN_IF_ERROR(SaveRejectedRows(session, ended.id(), options.rejected_path));
  }
  return OutcomeOf(ended);
}

void DefineFormat(CLI::App& command, ImportOptions& options) {
  const std::map<std::string, ImportFormat::Encoding> encodings = {
      {"utf-8", ImportFormat::UTF_8},   {"windows-1251", ImportFormat::WINDOWS_1251},
      {"koi8-r", ImportFormat::KOI8_R}, {"cp866", ImportFormat::CP866},
      {"utf-16", ImportFormat::UTF_16},
  };
  command.add_option("--encoding", options.encoding, "Of the text (found out)")
      ->transform(CLI::CheckedTransformer(encodings, CLI::ignore_case));
  command.add_option("--skip_rows", options.skip_rows, "Rows before the first recipient (0)");
  command.add_option("--row_separator", options.row_separator, "Between rows (line ends)");
  command.add_option("--column_separator", options.column_separator,
                     "Between columns, \\t is a tab (found out)");
  command.add_option("--quote", options.quote, "Around values; \"\": none (\")")->expected(1);
  command.add_option("--address_column", options.address_column,
                     "Of the number or address: its number, or what the header says (1)");
  command.add_option("--field", options.fields, "name=column (number or header); repeatable")
      ->allow_extra_args(false);
  command.add_option("--external_id_column", options.external_id_column,
                     "Of your id: its number, or what the header says (none)");
  command.add_option("--sheet", options.sheet, "Of an XLS file (1)");
  command.add_flag("--header", options.header_names_fields, "The first row names the fields");
}

void DefineImport(CLI::App& command, ImportOptions& options) {
  command.add_option("campaign", options.campaign_id, "Campaign")->required();
  command.add_option("file", options.path, "CSV or XLS; -: standard input")->required();
  DefineFormat(command, options);
  command.add_flag("--replace", options.replaces,
                   "Cancel the campaign's waiting messages first: they do not come back");
  command.add_option("--preview", options.preview_rows, "Only show the first rows (20)")
      ->expected(0, 1)
      ->default_str("20");
  command.add_flag("--no_wait,--no-wait", options.does_not_wait, "Do not wait for the end");
  command.add_option("--rejected", options.rejected_path,
                     "Save the rows that did not become messages here");
}

void ShowUpload(Session& session, const v1::Upload& upload) {
  if (session.as_json) {
    session.out << ToJson(upload);
    return;
  }
  session.out << FormatCard({{"Upload", std::to_string(upload.id())},
                             {"File", upload.file_name()},
                             {"Bytes", std::to_string(upload.bytes())},
                             {"SHA-256", upload.sha256()},
                             {"Created", ShowTime(upload.create_time(), session.zone)},
                             {"Expires", ShowTime(upload.expire_time(), session.zone)}});
}

absl::Status AddUpload(Session& session, const FileOptions& options) {
  ASSIGN_OR_RETURN(const v1::Upload upload, Upload(session, options.path));
  ShowUpload(session, upload);
  return absl::OkStatus();
}

absl::Status GetUpload(Session& session, const IdOptions& options) {
  v1::GetUploadRequest request;
  request.set_upload_id(options.id);
  ASSIGN_OR_RETURN(const v1::Upload upload, session.client.GetUpload(request));
  ShowUpload(session, upload);
  return absl::OkStatus();
}

absl::Status DeleteUpload(Session& session, const IdOptions& options) {
  v1::DeleteUploadRequest request;
  request.set_upload_id(options.id);
  RETURN_IF_ERROR(session.client.DeleteUpload(request));
  session.out << (session.as_json ? "{}\n" : fmt::format("upload {} is deleted\n", options.id));
  return absl::OkStatus();
}

void DefineId(CLI::App& command, IdOptions& options) {
  command.add_option("id", options.id, "Upload")->required();
}

}  // namespace

void AddImportCommands(CLI::App& app, Action& action) {
  AddCommand<ImportOptions>(app, action, "import", "Turn the rows of a file into messages",
                            DefineImport, Import);
  CLI::App& uploads = *app.add_subcommand("uploads", "Files for previews and imports");
  uploads.require_subcommand(1);
  AddCommand<FileOptions>(
      uploads, action, "add", "Upload a file",
      [](CLI::App& command, FileOptions& options) {
        command.add_option("file", options.path, "CSV or XLS; -: standard input")->required();
      },
      AddUpload);
  AddCommand<IdOptions>(uploads, action, "get", "Show an upload", DefineId, GetUpload);
  AddCommand<IdOptions>(uploads, action, "delete", "Delete an upload", DefineId, DeleteUpload);
}

}  // namespace campaigner::cli

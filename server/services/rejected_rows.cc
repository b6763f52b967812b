#include "server/services/rejected_rows.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/services/convert/violations.h"
#include "server/services/download.h"
#include "server/services/imports.h"

namespace campaigner::services {
namespace {

// About a piece of a file, where values are short.
constexpr int32_t kRowsAtOnce = 500;

class RejectedRows final : public FileSource {
 public:
  RejectedRows(const Environment& env, int64_t operation_id)
      : env_(env), operation_id_(operation_id) {}

  std::string content_type() const override { return "text/csv; charset=utf-8"; }
  std::string file_name() const override {
    return fmt::format("rejected-rows-{}.csv", operation_id_);
  }

  absl::StatusOr<std::optional<std::string>> Next() override {
    std::string text;
    if (!std::exchange(has_header_, true)) text = "row,reason,value\r\n";
    ASSIGN_OR_RETURN(const std::vector<storage::RejectedRow> rows,
                     env_.store.ListRejectedRows(operation_id_, after_row_, kRowsAtOnce));
    for (const storage::RejectedRow& row : rows) {
      fmt::format_to(std::back_inserter(text), "{},", row.row);
      AppendCsvValue(row.reason, text);
      text += ',';
      AppendCsvValue(row.value, text);
      text += "\r\n";
    }
    if (text.empty()) return std::nullopt;
    if (!rows.empty()) after_row_ = rows.back().row;
    return text;
  }

 private:
  const Environment& env_;
  const int64_t operation_id_;
  int64_t after_row_ = 0;
  bool has_header_ = false;
};

}  // namespace

void AppendCsvValue(std::string_view value, std::string& text) {
  const bool is_formula =
      !value.empty() && std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos;
  const bool needs_quotes = is_formula || value.find_first_of("\",;\r\n") != std::string_view::npos;
  if (!needs_quotes) {
    text += value;
    return;
  }
  text += '"';
  if (is_formula) text += '\'';
  for (const char c : value) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

grpc::ServerWriteReactor<v1::FileChunk>* ServeRejectedRows(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::DownloadRejectedRowsRequest* request) {
  return ServeDownload(env, "DownloadRejectedRows", domain::Scope::kManage, context,
                       [operation_id = request->operation_id()](
                           const CallContext& call) -> absl::StatusOr<std::unique_ptr<FileSource>> {
                         Violations violations;
                         violations.CheckId("operation_id", operation_id);
                         RETURN_IF_ERROR(violations.ToStatus());
                         ASSIGN_OR_RETURN(
                             const domain::Operation operation,
                             call.env.store.GetOperation(call.account_id(), operation_id));
                         if (operation.kind != domain::OperationKind::kImport) {
                           return domain::errors::OperationNotImport(operation_id);
                         }
                         return std::make_unique<RejectedRows>(call.env, operation_id);
                       });
}

}  // namespace campaigner::services

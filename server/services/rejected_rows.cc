#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/services/convert/csv.h"
#include "server/services/convert/violations.h"
#include "server/services/download.h"
#include "server/services/imports.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

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
    if (!std::exchange(has_header_, true)) text = "row,value,reason\r\n";
    ASSIGN_OR_RETURN(const std::vector<storage::RejectedRow> rows,
                     env_.store.ListRejectedRows(operation_id_, after_row_, kRowsAtOnce));
    for (const storage::RejectedRow& row : rows) {
      fmt::format_to(std::back_inserter(text), "{},", row.row);
      AppendCsvCell(row.value, text);
      text += ',';
      AppendCsvCell(row.reason, text);
      text += "\r\n";
    }
    if (text.empty()) return std::nullopt;
    if (!rows.empty()) after_row_ = rows.back().row;
    if (rows.empty() && !std::exchange(has_end_, true)) {
      ASSIGN_OR_RETURN(const std::string last, LastRow());
      text += last;
    }
    return text;
  }

 private:
  // What the file does not say, where there was more of it.
  absl::StatusOr<std::string> LastRow() const {
    ASSIGN_OR_RETURN(const storage::ImportDetails import, env_.store.GetImport(operation_id_));
    const domain::ImportCounts& counts = import.counts;
    const int64_t rejected = counts.duplicates + counts.stop_listed + counts.invalid;
    if (rejected <= limits::kRejectedRowsMax) return "";
    return fmt::format(",,{} more rows were rejected and are not kept\r\n",
                       rejected - limits::kRejectedRowsMax);
  }

  const Environment& env_;
  const int64_t operation_id_;
  int64_t after_row_ = 0;
  bool has_header_ = false;
  bool has_end_ = false;
};

}  // namespace

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

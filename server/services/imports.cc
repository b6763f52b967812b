#include "server/services/imports.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"
#include "server/domain/template.h"
#include "server/imports/address_set.h"
#include "server/imports/import_job.h"
#include "server/services/campaigns.h"
#include "server/services/convert/import_format.h"
#include "server/services/convert/operation.h"
#include "server/services/import_source.h"
#include "server/services/operations.h"
#include "server/services/request_id.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

// Fewer where the file has no more, or hides them behind too much that is passed over.
absl::Status ForFirstRows(imports::RowSource& source, int rows_max,
                          const std::function<absl::Status(const imports::RawRow&)>& visit) {
  imports::RawRow raw;
  int turns = 0;
  for (int rows = 0; rows < rows_max && turns < limits::kImportPassedOverTurnsMax;) {
    ASSIGN_OR_RETURN(const bool has_row, source.Next(raw));
    if (!has_row && source.has_ended()) break;
    if (!has_row) ++turns;
    if (!has_row) continue;
    ++rows;
    RETURN_IF_ERROR(visit(raw));
  }
  return absl::OkStatus();
}

// One preview: the rows are judged as the import would, but for what the campaign has already.
class Preview {
 public:
  Preview(const CallContext& call, const domain::Campaign& campaign, const imports::Format& format,
          const std::string& region)
      : call_(call),
        campaign_(campaign),
        mapper_(call.env.phones, format, campaign.channel, region),
        judge_(mapper_, call.env.routes, format) {}

  absl::Status Add(const imports::RawRow& raw, v1::PreviewImportResponse::Row* row) {
    judge_.Judge(raw, campaign_, judged_);
    row->set_number(raw.number);
    for (const std::string_view cell : raw.cells) row->add_cells(std::string(cell));
    for (const std::string& problem : judged_.problems) row->add_problems(problem);
    const imports::Recipient& recipient = judged_.recipient;
    row->set_recipient(recipient.address);
    if (recipient.address.empty()) return absl::OkStatus();
    row->mutable_fields()->insert(recipient.fields.begin(), recipient.fields.end());
    row->set_text(
        domain::Render(campaign_.template_text, recipient.fields, campaign_.missing_values));
    row->set_segments(judged_.segments);
    if (!judged_.problems.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool is_stopped,
                     call_.env.store.IsStopListed(call_.account_id(), recipient.address));
    if (is_stopped) {
      row->add_problems(imports::kStopListedProblem);
    } else if (!addresses_.Insert(recipient.address)) {
      row->add_problems(imports::kDuplicateProblem);
    }
    return absl::OkStatus();
  }

 private:
  const CallContext& call_;
  const domain::Campaign& campaign_;
  const imports::RecipientMapper mapper_;
  imports::RowJudge judge_;
  imports::JudgedRow judged_;
  imports::AddressSet addresses_;
};

// A list is not given up for a file that brings nobody, as where the column is the wrong one.
absl::Status CheckReplacement(const CallContext& call, const domain::Campaign& campaign,
                              const ImportInput& input) {
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  const imports::RecipientMapper mapper(call.env.phones, input.format, campaign.channel,
                                        account->default_region);
  imports::RowJudge judge(mapper, call.env.routes, input.format);
  imports::JudgedRow judged;
  std::string problem;
  bool has_recipient = false;
  RETURN_IF_ERROR(ForFirstRows(
      *input.rows, limits::kPreviewRowsMax, [&](const imports::RawRow& raw) -> absl::Status {
        judge.Judge(raw, campaign, judged);
        has_recipient = has_recipient || judged.problems.empty();
        if (problem.empty() && !judged.problems.empty()) {
          problem = fmt::format("row {}: {}", raw.number, judged.problems.front());
        }
        return absl::OkStatus();
      }));
  if (has_recipient) return absl::OkStatus();
  return domain::errors::InvalidField(
      input.upload_id == 0 ? "source.text" : "source.upload_id",
      problem.empty() ? "holds no recipients to replace others with"
                      : fmt::format("none of its first {} rows is a recipient: {}",
                                    limits::kPreviewRowsMax, problem));
}

storage::NewImport ToNewImport(const CallContext& call, const v1::ImportRecipientsRequest& request,
                               const ImportInput& input) {
  storage::NewImport import;
  import.replaces = request.mode() == v1::ImportRecipientsRequest::REPLACE;
  import.upload_id = input.upload_id;
  import.operation = {.account_id = call.account_id(),
                      .campaign_id = request.campaign_id(),
                      .kind = domain::OperationKind::kImport,
                      .request = FormatToBytes(input.format),
                      .checkpoint = import.replaces ? imports::kClearFirst : "",
                      .total_units = input.rows->bytes_total(),
                      .request_id = request.request_id(),
                      .request_hash = HashRequest(request)};
  return import;
}

}  // namespace

absl::Status GetUpload(const CallContext& call, const v1::GetUploadRequest& request,
                       v1::Upload* response) {
  Violations violations;
  violations.CheckId("upload_id", request.upload_id());
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const domain::Upload upload,
                   call.env.store.GetUpload(call.account_id(), request.upload_id()));
  UploadToProto(upload, response);
  return absl::OkStatus();
}

absl::Status DeleteUpload(const CallContext& call, const v1::DeleteUploadRequest& request,
                          google::protobuf::Empty* /*response*/) {
  Violations violations;
  violations.CheckId("upload_id", request.upload_id());
  RETURN_IF_ERROR(violations.ToStatus());
  return call.env.uploads.Delete(call.account_id(), request.upload_id());
}

absl::Status PreviewImport(const CallContext& call, const v1::PreviewImportRequest& request,
                           v1::PreviewImportResponse* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  Violations violations;
  if (request.row_count() < 0) violations.Add("row_count", "must not be negative");
  ASSIGN_OR_RETURN(const ImportInput input,
                   OpenImport(call, request.source(), request.format(), violations));
  const int wanted = request.row_count() == 0 ? limits::kPreviewRowsDefault : request.row_count();
  Preview preview(call, *campaign, input.format, account->default_region);
  const int rows_max = std::min(wanted, limits::kPreviewRowsMax);
  RETURN_IF_ERROR(ForFirstRows(*input.rows, rows_max, [&](const imports::RawRow& raw) {
    return preview.Add(raw, response->add_rows());
  }));
  FormatToProto(input.format, response->mutable_format());
  response->set_file_kind(input.rows->file_kind());
  return absl::OkStatus();
}

absl::Status ImportRecipients(const CallContext& call, const v1::ImportRecipientsRequest& request,
                              v1::Operation* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  if (!v1::ImportRecipientsRequest::Mode_IsValid(request.mode())) {
    violations.Add("mode", "is not known");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  // The file may be gone by now: the first answer holds all the same.
  ASSIGN_OR_RETURN(const auto first,
                   call.env.store.FindRepeatedOperation(call.account_id(), request.request_id(),
                                                        HashRequest(request), call.now()));
  if (first) return FillOperation(call.env, *first, response);
  ASSIGN_OR_RETURN(ImportInput input,
                   OpenImport(call, request.source(), request.format(), violations));
  if (request.mode() == v1::ImportRecipientsRequest::REPLACE) {
    RETURN_IF_ERROR(CheckReplacement(call, *campaign, input));
  }
  const bool is_pasted = input.upload_id == 0;
  if (is_pasted) {
    ASSIGN_OR_RETURN(const domain::Upload kept,
                     call.env.uploads.Keep(call.account_id(), "", input.text));
    input.upload_id = kept.id;
  }
  const auto operation = call.env.store.CreateImport(ToNewImport(call, request, input), call.now());
  if (is_pasted) {
    // Of a repeat or a refused one nobody needs the text; while the import has it, it stays.
    const absl::Status dropped = call.env.uploads.Delete(call.account_id(), input.upload_id);
    if (!dropped.ok() && !absl::IsFailedPrecondition(dropped)) return dropped;
  }
  if (!operation.ok()) return operation.status();
  return FillOperation(call.env, *operation, response);
}

}  // namespace campaigner::services

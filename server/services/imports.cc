#include "server/services/imports.h"

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
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
  imports::RawRow raw;
  for (int i = 0; i < std::min(wanted, limits::kPreviewRowsMax); ++i) {
    ASSIGN_OR_RETURN(const bool has_row, input.rows->Next(raw));
    if (!has_row) break;
    RETURN_IF_ERROR(preview.Add(raw, response->add_rows()));
  }
  FormatToProto(input.format, response->mutable_format());
  response->set_file_kind(input.rows->file_kind());
  return absl::OkStatus();
}

absl::Status ImportRecipients(const CallContext& call, const v1::ImportRecipientsRequest& request,
                              v1::Operation* response) {
  RETURN_IF_ERROR(FindCampaign(call, request.campaign_id()).status());
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

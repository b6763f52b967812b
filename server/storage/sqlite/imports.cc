#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/operation_rows.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
namespace limits = base::limits;
using domain::MessageState;
using domain::Operation;

using FieldTexts = std::vector<std::optional<std::string>>;

absl::StatusOr<CampaignRowPtr> FindOpenCampaign(Transaction& transaction, int64_t account_id,
                                                int64_t campaign_id) {
  CampaignRowPtr row = transaction.FindCampaign(campaign_id);
  if (row == nullptr || row->campaign.account_id != account_id) {
    return errors::CampaignNotFound(campaign_id);
  }
  if (!domain::AcceptsMessages(row->campaign.state)) {
    return errors::CampaignClosed(campaign_id, row->campaign.state);
  }
  return row;
}

// Memory of a step while it waits, about.
WriteSize SizeOf(const ImportStep& step, const FieldTexts& fields) {
  size_t bytes = sizeof(ImportStep);
  for (const ImportedRow& row : step.rows) {
    bytes += sizeof(ImportedRow) + row.recipient.size() + row.external_id.size();
    for (const auto& [name, value] : row.fields) bytes += 96 + name.size() + value.size();
  }
  for (const auto& text : fields) bytes += text.has_value() ? text->size() : 0;
  for (const RejectedRow& row : step.rejected) {
    bytes += sizeof(RejectedRow) + row.reason.size() + row.value.size();
  }
  return {std::max<size_t>(step.rows.size() + step.rejected.size(), 1), bytes};
}

void InsertMessages(Transaction& transaction, const ImportStep& step, const FieldTexts& fields,
                    const CampaignRow& campaign, absl::Time now) {
  if (step.rows.empty()) return;
  const int64_t create_time = ToColumn(now);
  const int64_t open_time = ToColumn(campaign.OpenTime(now));
  const std::optional<int64_t> at_once;
  const std::optional<std::string> no_text;
  Amount amount;
  int64_t id = transaction.NextIds(Sequence::kMessage, static_cast<int64_t>(step.rows.size()));
  for (size_t i = 0; i < step.rows.size(); ++i, ++id) {
    const ImportedRow& row = step.rows[i];
    Query(transaction.db(), sql::kInsertMessage, id, step.campaign_id, row.route_id, at_once,
          open_time, row.segments, create_time, row.cost_micros)
        .Run();
    Query(transaction.db(), sql::kInsertBody, id, row.recipient, row.external_id, 0, no_text, 0,
          fields[i], at_once)
        .Run();
    transaction.AddReadyLane(step.campaign_id, row.route_id);
    transaction.AddToExtent(step.campaign_id, id);
    transaction.effects().addresses.push_back({HashAddress(row.recipient), id});
    amount += {1, row.segments, row.cost_micros};
  }
  transaction.CountArrival(step.campaign_id, MessageState::kAccepted, amount, now);
}

// How many were kept.
int64_t InsertRejected(Connection& db, const ImportStep& step) {
  const int64_t operation_id = step.step.operation_id;
  int64_t room = limits::kRejectedRowsMax;
  {
    Query query(db, sql::kRejectedKept, operation_id);
    if (query.Step()) room -= query.Int(0);
  }
  const int64_t kept = std::min(room, static_cast<int64_t>(step.rejected.size()));
  for (int64_t i = 0; i < kept; ++i) {
    const RejectedRow& row = step.rejected[static_cast<size_t>(i)];
    Query(db, sql::kInsertRejectedRow, operation_id, row.row, row.reason, row.value).Run();
  }
  return kept;
}

absl::Status AddStep(Transaction& transaction, const ImportStep& step, const FieldTexts& fields,
                     absl::Time now) {
  ASSIGN_OR_RETURN(const Operation operation, CheckStep(transaction, step.step));
  ASSIGN_OR_RETURN(const CampaignRowPtr campaign,
                   FindOpenCampaign(transaction, operation.account_id, step.campaign_id));
  InsertMessages(transaction, step, fields, *campaign, now);
  const int64_t kept = InsertRejected(transaction.db(), step);
  const domain::ImportCounts& counts = step.counts;
  Query(transaction.db(), sql::kAddImportCounts, operation.id, counts.rows, counts.accepted,
        counts.duplicates, counts.stop_listed, counts.invalid, kept)
      .Run();
  PutStep(transaction, step.step, now);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Operation> SqliteStore::CreateImport(const NewImport& import, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Operation> {
    const NewOperation& asked = import.operation;
    ASSIGN_OR_RETURN(auto repeat, FindRepeat(transaction.db(), asked.account_id, asked.request_id,
                                             asked.request_hash, now));
    if (repeat) return *std::move(repeat);
    ASSIGN_OR_RETURN(const CampaignRowPtr campaign,
                     FindOpenCampaign(transaction, asked.account_id, asked.campaign_id));
    if (import.replaces && campaign->campaign.state == domain::CampaignState::kRunning) {
      return errors::CampaignRunning(asked.campaign_id);
    }
    std::string file_name;
    {
      Query query(transaction.db(), sql::kGetUpload, import.upload_id);
      const bool is_there = query.Step() && query.Int(0) == asked.account_id && query.Int(6) != 0;
      if (!is_there) return errors::UploadNotFound(import.upload_id);
      file_name = query.String(1);
    }
    {
      Query query(transaction.db(), sql::kRunningImport, asked.campaign_id);
      if (query.Step()) return errors::ImportRunning(asked.campaign_id, query.Int(0));
    }
    ASSIGN_OR_RETURN(Operation operation, InsertOperation(transaction, asked, now));
    Query(transaction.db(), sql::kInsertImport, operation.id, import.upload_id, file_name,
          import.replaces)
        .Run();
    return operation;
  });
}

absl::StatusOr<ImportDetails> SqliteStore::GetImport(int64_t operation_id) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<ImportDetails> {
    Query query(db, sql::kGetImport, operation_id);
    if (!query.Step()) return errors::OperationNotFound(operation_id);
    return ImportDetails{.upload_id = query.Int(0),
                         .file_name = query.String(1),
                         .replaces = query.Int(2) != 0,
                         .is_clearing = query.Int(8) != 0,
                         .counts = {.rows = query.Int(3),
                                    .accepted = query.Int(4),
                                    .duplicates = query.Int(5),
                                    .stop_listed = query.Int(6),
                                    .invalid = query.Int(7)}};
  });
}

void SqliteStore::AddImportStep(std::shared_ptr<const ImportStep> step, absl::Time now,
                                StepDone done) {
  FieldTexts fields;
  fields.reserve(step->rows.size());
  for (const ImportedRow& row : step->rows) fields.push_back(FieldsToJson(row.fields));
  const WriteSize size = SizeOf(*step, fields);
  auto run = [step = std::move(step), fields = std::move(fields), now](Transaction& transaction) {
    return AddStep(transaction, *step, fields, now);
  };
  writer_.Submit<decltype(run), absl::Status>(size, Admission::kNewWork, std::move(run),
                                              std::move(done));
}

absl::StatusOr<ReplaceStep> SqliteStore::CancelReplaced(const OperationStep& step, int32_t limit,
                                                        absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<ReplaceStep> {
    ASSIGN_OR_RETURN(const Operation operation, CheckStep(transaction, step));
    RETURN_IF_ERROR(
        FindOpenCampaign(transaction, operation.account_id, operation.campaign_id).status());
    int32_t ended = 0;
    for (const char* sql : {sql::kReadyIdsOfCampaign, sql::kWaitingIdsOfCampaign}) {
      std::vector<int64_t> ids;
      {
        Query query(transaction.db(), sql, operation.campaign_id, limit - ended);
        ids = ReadIds(query);
      }
      EndMessages(transaction, ids, MessageState::kCancelled, domain::StateReason::kReplaced, now);
      ended += static_cast<int32_t>(ids.size());
    }
    const ReplaceStep result{
        .cancelled = ended,
        .more = ended >= limit,
        .sending = transaction.CountInState(operation.campaign_id, MessageState::kSending)};
    OperationStep taken = step;
    taken.messages = ended;
    if (result.more || result.sending > 0) {
      taken.checkpoint = operation.checkpoint;
    } else {
      Query(transaction.db(), sql::kEndClearing, operation.id).Run();
    }
    PutStep(transaction, taken, now);
    return result;
  });
}

absl::StatusOr<int64_t> SqliteStore::ScanRecipients(
    int64_t campaign_id, int64_t before_id, int32_t rows_max,
    absl::FunctionRef<void(std::string_view recipient)> visit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<int64_t> {
    int64_t last_id = before_id - 1;
    while (rows_max > 0) {
      int64_t first_id = 0;
      {
        Query extent(db, sql::kExtentBefore, campaign_id, last_id);
        if (!extent.Step()) return 0;
        first_id = extent.Int(0);
        last_id = std::min(last_id, extent.Int(1));
      }
      Query query(db, sql::kRecipientsDown, first_id, last_id, rows_max);
      int64_t seen_id = first_id;
      while (query.Step()) {
        seen_id = query.Int(0);
        --rows_max;
        const bool is_replaced =
            static_cast<domain::StateReason>(query.Int(2)) == domain::StateReason::kReplaced;
        if (query.Int(1) == campaign_id && !is_replaced) visit(query.Text(3));
      }
      // Where rows_max ended it, ids below the last one seen are left.
      last_id = (rows_max > 0 ? first_id : seen_id) - 1;
    }
    return last_id + 1;
  });
}

absl::StatusOr<std::vector<RejectedRow>> SqliteStore::ListRejectedRows(int64_t operation_id,
                                                                       int64_t after_row,
                                                                       int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<RejectedRow>> {
    std::vector<RejectedRow> rows;
    Query query(db, sql::kListRejectedRows, operation_id, after_row, limit);
    while (query.Step()) {
      rows.push_back({.row = query.Int(0), .reason = query.String(1), .value = query.String(2)});
    }
    return rows;
  });
}

}  // namespace campaigner::storage::sqlite

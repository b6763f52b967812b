#include "server/storage/sqlite/operation_rows.h"

#include <string>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/requests.h"
#include "server/storage/sqlite/sql_operations.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Operation;
using domain::OperationState;

absl::Status ReadError(const Query& query) {
  const auto code = static_cast<absl::StatusCode>(query.Int(11));
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  return errors::RecordedError(code, query.Text(12), query.Text(13));
}

void Tell(Transaction& transaction, int64_t operation_id, OperationState state,
          int64_t done_units) {
  transaction.effects().operation_changes.push_back({operation_id, state, done_units});
}

}  // namespace

Operation ReadOperation(const Query& query) {
  return {.id = query.Int(0),
          .account_id = query.Int(1),
          .campaign_id = query.Int(2),
          .kind = static_cast<domain::OperationKind>(query.Int(3)),
          .state = static_cast<OperationState>(query.Int(4)),
          .request = query.String(5),
          .checkpoint = query.String(6),
          .steps = query.Int(7),
          .done_units = query.Int(8),
          .total_units = query.Int(9),
          .messages = query.Int(10),
          .error = ReadError(query),
          .create_time = TimeFrom(query.Int(14)),
          .update_time = TimeFrom(query.Int(15)),
          .end_time = TimeFrom(query.OptionalInt(16))};
}

std::optional<Operation> FindOperation(Connection& connection, int64_t operation_id) {
  Query query(connection, sql::kGetOperation, operation_id);
  if (!query.Step()) return std::nullopt;
  return ReadOperation(query);
}

absl::StatusOr<std::optional<Operation>> FindRepeat(Connection& connection, int64_t account_id,
                                                    const std::string& request_id,
                                                    const std::string& request_hash,
                                                    absl::Time now) {
  const auto answer =
      FindRequest(connection, {account_id, RequestKind::kOperation, request_id}, now);
  if (!answer) return std::nullopt;
  if (answer->request_hash != request_hash) return errors::RequestIdReused(request_id);
  std::optional<Operation> first = FindOperation(connection, answer->first_id);
  if (!first) return errors::OperationNotFound(answer->first_id);
  return first;
}

absl::StatusOr<Operation> InsertOperation(Transaction& transaction, const NewOperation& operation,
                                          absl::Time now) {
  Operation made{.account_id = operation.account_id,
                 .campaign_id = operation.campaign_id,
                 .kind = operation.kind,
                 .request = operation.request,
                 .checkpoint = operation.checkpoint,
                 .total_units = operation.total_units,
                 .create_time = now,
                 .update_time = now};
  {
    Query query(transaction.db(), sql::kInsertOperation, made.account_id, made.campaign_id,
                made.kind, Blob{made.request}, Blob{made.checkpoint}, made.total_units,
                ToColumn(now));
    if (query.Step()) made.id = query.Int(0);
    query.Run();
  }
  const RequestKey key{operation.account_id, RequestKind::kOperation, operation.request_id};
  PutRequest(transaction.db(), key,
             {.request_hash = operation.request_hash, .first_id = made.id, .count = 1}, now);
  Tell(transaction, made.id, OperationState::kRunning, 0);
  return made;
}

absl::StatusOr<Operation> CheckStep(Transaction& transaction, const OperationStep& step) {
  std::optional<Operation> operation = FindOperation(transaction.db(), step.operation_id);
  if (!operation) return errors::OperationNotFound(step.operation_id);
  if (operation->state != OperationState::kRunning) {
    return errors::OperationEnded(step.operation_id, operation->state);
  }
  if (operation->steps != step.number) {
    return errors::OperationStepMismatch(step.operation_id, operation->steps, step.number);
  }
  return *std::move(operation);
}

void PutStep(Transaction& transaction, const OperationStep& step, absl::Time now) {
  Query(transaction.db(), sql::kAdvanceOperation, step.operation_id, Blob{step.checkpoint},
        step.done_units, step.total_units, step.messages, ToColumn(now))
      .Run();
  if (!step.is_last) {
    return Tell(transaction, step.operation_id, OperationState::kRunning, step.done_units);
  }
  EndOperation(transaction, {.id = step.operation_id, .done_units = step.done_units},
               OperationState::kDone, absl::OkStatus(), now);
}

void EndOperation(Transaction& transaction, const Operation& operation, OperationState state,
                  const absl::Status& error, absl::Time now) {
  const std::string reason = base::GetErrorDetail(error).reason;
  Query(transaction.db(), sql::kEndOperation, operation.id, state, static_cast<int>(error.code()),
        base::ToStd(error.message()), reason, ToColumn(now))
      .Run();
  // An import has used its file until now.
  Query(transaction.db(), sql::kUseImportedUpload, operation.id, ToColumn(now)).Run();
  Tell(transaction, operation.id, state, operation.done_units);
}

int32_t PruneOperations(Connection& connection, absl::Time before, int32_t limit) {
  int32_t deleted = 0;
  while (deleted < limit) {
    int64_t operation_id = 0;
    {
      Query query(connection, sql::kEndedOperation, ToColumn(before));
      if (!query.Step()) break;
      operation_id = query.Int(0);
    }
    std::vector<int64_t> rows;
    {
      Query query(connection, sql::kListRejectedRows, operation_id, 0, limit - deleted);
      while (query.Step()) rows.push_back(query.Int(0));
    }
    for (const int64_t row : rows) {
      Query(connection, sql::kDeleteRejectedRow, operation_id, row).Run();
    }
    deleted += static_cast<int32_t>(rows.size());
    if (deleted >= limit) break;
    Query(connection, sql::kDeleteImport, operation_id).Run();
    Query(connection, sql::kDeleteOperation, operation_id).Run();
    ++deleted;
  }
  return deleted;
}

}  // namespace campaigner::storage::sqlite

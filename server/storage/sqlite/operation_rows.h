#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/operation.h"
#include "server/storage/operation_store.h"
#include "server/storage/sqlite/connection.h"
#include "server/storage/sqlite/transaction.h"

// The books of long work, for the writes that do its steps. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

// From a query of one of sql_operations.h's statements that read operations.
domain::Operation ReadOperation(const Query& query);
std::optional<domain::Operation> FindOperation(Connection& connection, int64_t operation_id);

// As OperationStore::CreateOperation, but for the check of the campaign.
absl::StatusOr<domain::Operation> InsertOperation(Transaction& transaction,
                                                  const NewOperation& operation, absl::Time now);
// The operation that this request id was answered with, as it is now; nullopt: it is new.
absl::StatusOr<std::optional<domain::Operation>> FindRepeat(Connection& connection,
                                                            int64_t account_id,
                                                            const std::string& request_id,
                                                            const std::string& request_hash,
                                                            absl::Time now);

// The operation, if it is RUNNING and `step` is the one that is due. OPERATION_NOT_FOUND,
// OPERATION_ENDED or OPERATION_STEP if not: the write that does the step's work then returns that
// error, so that nothing of it stays.
absl::StatusOr<domain::Operation> CheckStep(Transaction& transaction, const OperationStep& step);
// Writes the step down, after CheckStep. In the same transaction as its work.
void PutStep(Transaction& transaction, const OperationStep& step, absl::Time now);

// RUNNING to any other state; `error` for FAILED.
void EndOperation(Transaction& transaction, const domain::Operation& operation,
                  domain::OperationState state, const absl::Status& error, absl::Time now);

// Deletes at most `limit` rows of operations that ended before `before`; how many.
int32_t PruneOperations(Connection& connection, absl::Time before, int32_t limit);

}  // namespace campaigner::storage::sqlite

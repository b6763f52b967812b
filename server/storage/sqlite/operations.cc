#include "server/domain/errors/operations.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/operation_rows.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Operation;
using domain::OperationState;

std::vector<Operation> ReadAll(Query& query) {
  std::vector<Operation> operations;
  while (query.Step()) operations.push_back(ReadOperation(query));
  return operations;
}

}  // namespace

absl::StatusOr<Operation> SqliteStore::CreateOperation(const NewOperation& operation,
                                                       absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Operation> {
    ASSIGN_OR_RETURN(auto repeat, FindRepeat(transaction.db(), operation.account_id,
                                             operation.request_id, operation.request_hash, now));
    if (repeat) return *std::move(repeat);
    if (operation.campaign_id != 0) {
      const CampaignRowPtr campaign = transaction.FindCampaign(operation.campaign_id);
      if (campaign == nullptr || campaign->campaign.account_id != operation.account_id) {
        return errors::CampaignNotFound(operation.campaign_id);
      }
    }
    if (operation.kind == domain::OperationKind::kRetry) {
      Query query(transaction.db(), sql::kRunningRetry, operation.campaign_id);
      if (query.Step()) return errors::RetryRunning(operation.campaign_id, query.Int(0));
    }
    return InsertOperation(transaction, operation, now);
  });
}

absl::StatusOr<std::optional<Operation>> SqliteStore::FindRepeatedOperation(
    int64_t account_id, const std::string& request_id, const std::string& request_hash,
    absl::Time now) {
  return readers_.Read(
      [&](Connection& db) { return FindRepeat(db, account_id, request_id, request_hash, now); });
}

absl::StatusOr<Operation> SqliteStore::GetOperation(int64_t account_id, int64_t operation_id) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<Operation> {
    std::optional<Operation> operation = FindOperation(db, operation_id);
    if (!operation || (account_id != 0 && operation->account_id != account_id)) {
      return errors::OperationNotFound(operation_id);
    }
    return *std::move(operation);
  });
}

absl::StatusOr<std::vector<Operation>> SqliteStore::ListOperations(int64_t account_id,
                                                                   int64_t campaign_id, Page page) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Operation>> {
    const int64_t before_id = page.after_id == 0 ? INT64_MAX : page.after_id;
    if (campaign_id == 0) {
      Query query(db, sql::kListOperations, account_id, before_id, page.size);
      return ReadAll(query);
    }
    Query query(db, sql::kListCampaignOperations, account_id, before_id, page.size, campaign_id);
    return ReadAll(query);
  });
}

absl::StatusOr<std::vector<Operation>> SqliteStore::ListRunningOperations(int32_t of_account_max,
                                                                          int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Operation>> {
    // By how many of its account come before it.
    std::vector<std::pair<size_t, Operation>> running;
    for (int64_t account_id = 0;;) {
      Query next(db, sql::kNextBusyAccount, account_id);
      if (!next.Step()) break;
      account_id = next.Int(0);
      Query query(db, sql::kListRunningOperations, account_id, of_account_max);
      for (size_t place = 0; query.Step(); ++place)
        running.emplace_back(place, ReadOperation(query));
    }
    std::sort(running.begin(), running.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first, a.second.id) < std::pair(b.first, b.second.id);
    });
    if (running.size() > static_cast<size_t>(limit)) running.resize(static_cast<size_t>(limit));
    std::vector<Operation> operations;
    for (auto& [place, operation] : running) operations.push_back(std::move(operation));
    std::sort(operations.begin(), operations.end(),
              [](const Operation& a, const Operation& b) { return a.id < b.id; });
    return operations;
  });
}

absl::StatusOr<bool> SqliteStore::HasOlderImport(int64_t account_id, int64_t operation_id) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<bool> {
    return Query(db, sql::kOlderImport, account_id, operation_id).Step();
  });
}

absl::StatusOr<Operation> SqliteStore::CancelOperation(int64_t account_id, int64_t operation_id,
                                                       absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Operation> {
    std::optional<Operation> operation = FindOperation(transaction.db(), operation_id);
    if (!operation || (account_id != 0 && operation->account_id != account_id)) {
      return errors::OperationNotFound(operation_id);
    }
    if (operation->state == OperationState::kCancelled) return *std::move(operation);
    if (operation->state != OperationState::kRunning) {
      return errors::OperationEnded(operation_id, operation->state);
    }
    EndOperation(transaction, *operation, OperationState::kCancelled, absl::OkStatus(), now);
    return *FindOperation(transaction.db(), operation_id);
  });
}

absl::Status SqliteStore::AdvanceOperation(const OperationStep& step, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(CheckStep(transaction, step).status());
    PutStep(transaction, step, now);
    return absl::OkStatus();
  });
}

absl::Status SqliteStore::FailOperation(int64_t operation_id, const absl::Status& error,
                                        absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::Status {
    const std::optional<Operation> operation = FindOperation(transaction.db(), operation_id);
    if (!operation) return errors::OperationNotFound(operation_id);
    if (operation->state != OperationState::kRunning) return absl::OkStatus();
    EndOperation(transaction, *operation, OperationState::kFailed, error, now);
    return absl::OkStatus();
  });
}

}  // namespace campaigner::storage::sqlite

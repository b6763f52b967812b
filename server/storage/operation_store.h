#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/operation.h"
#include "server/storage/account_store.h"

namespace campaigner::storage {

struct NewOperation {
  int64_t account_id = 0;
  int64_t campaign_id = 0;  // 0: not about one campaign.
  domain::OperationKind kind = domain::OperationKind::kImport;
  // What was asked, and where it begins: bytes that only the kind's own code reads.
  std::string request = {};
  std::string checkpoint = {};
  int64_t total_units = 0;
  // Empty, or the caller's request id and a hash of what was asked.
  std::string request_id = {};
  std::string request_hash = {};
};

// A piece of an operation's work, as the books see it. The work itself is in the same transaction.
struct OperationStep {
  int64_t operation_id = 0;
  // How many steps came before it (Operation::steps): a step that is not due does nothing.
  int64_t number = 0;
  // Where the operation stands after it.
  std::string checkpoint = {};
  int64_t done_units = 0;
  int64_t total_units = 0;
  // Messages that it made or changed; adds to Operation::messages.
  int64_t messages = 0;
  // The operation is DONE with it.
  bool is_last = false;
};

// An operation was made, moved on or ended.
struct OperationChange {
  int64_t operation_id = 0;
  domain::OperationState state = domain::OperationState::kRunning;
  int64_t done_units = 0;
};

// Long work and how far it is. All functions block.
class OperationStore {
 public:
  virtual ~OperationStore() = default;

  // RUNNING from the start. A repeat of the request id answers the first's operation as it is now.
  // NOT_FOUND: the campaign, also another account's. INVALID_ARGUMENT: the request id was used with
  // another hash. FAILED_PRECONDITION: a retry, while another of the campaign runs. Imports are
  // made by ImportStore::CreateImport.
  virtual absl::StatusOr<domain::Operation> CreateOperation(const NewOperation& operation,
                                                            absl::Time now) = 0;

  // The operation that a request id was answered with, as it is now; nullopt: the id is new, or
  // empty. INVALID_ARGUMENT: it was used with another hash.
  virtual absl::StatusOr<std::optional<domain::Operation>> FindRepeatedOperation(
      int64_t account_id, const std::string& request_id, const std::string& request_hash,
      absl::Time now) = 0;

  // NOT_FOUND also for another account's (account_id 0 skips that check).
  virtual absl::StatusOr<domain::Operation> GetOperation(int64_t account_id,
                                                         int64_t operation_id) = 0;

  // By descending id. campaign_id 0: the whole account's.
  virtual absl::StatusOr<std::vector<domain::Operation>> ListOperations(int64_t account_id,
                                                                        int64_t campaign_id,
                                                                        Page page) = 0;

  // The oldest that are RUNNING, at most so many of an account and in all, by ascending id. Where
  // they are too many in all, each account's first comes before anybody's second.
  virtual absl::StatusOr<std::vector<domain::Operation>> ListRunningOperations(
      int32_t of_account_max, int32_t limit) = 0;

  // Whether an import of the account is RUNNING that was made before the operation.
  virtual absl::StatusOr<bool> HasOlderImport(int64_t account_id, int64_t operation_id) = 0;

  // RUNNING to CANCELLED: no step is taken after that. FAILED_PRECONDITION once it is DONE or
  // FAILED; NOT_FOUND also for another account's.
  virtual absl::StatusOr<domain::Operation> CancelOperation(int64_t account_id,
                                                            int64_t operation_id,
                                                            absl::Time now) = 0;

  // The books of a step whose work is done elsewhere. FAILED_PRECONDITION (OPERATION_ENDED): it is
  // not RUNNING any more. ABORTED: another step is due. NOT_FOUND.
  virtual absl::Status AdvanceOperation(const OperationStep& step, absl::Time now) = 0;

  // RUNNING to FAILED; nothing happens to one that has ended. NOT_FOUND.
  virtual absl::Status FailOperation(int64_t operation_id, const absl::Status& error,
                                     absl::Time now) = 0;
};

}  // namespace campaigner::storage

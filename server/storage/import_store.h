#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/message.h"
#include "server/domain/operation.h"
#include "server/storage/dispatch_store.h"
#include "server/storage/operation_store.h"

namespace campaigner::storage {

struct NewImport {
  // Of kind kImport.
  NewOperation operation = {};
  int64_t upload_id = 0;
  // The campaign's waiting messages are cancelled first.
  bool replaces = false;
};

struct ImportDetails {
  int64_t upload_id = 0;
  std::string file_name = {};
  bool replaces = false;
  // It has not ended all of what it replaces.
  bool is_clearing = false;
  domain::ImportCounts counts = {};
};

// A row that becomes a message of the campaign: ready, with the template that the campaign has when
// it goes out (version 0).
struct ImportedRow {
  int64_t route_id = 0;
  std::string recipient = {};
  std::string external_id = {};
  domain::Fields fields = {};
  int32_t segments = 1;  // With the present template.
  int64_t cost_micros = 0;
};

// A row that does not.
struct RejectedRow {
  int64_t row = 0;  // In the file, counted from 1.
  std::string reason = {};
  std::string value = {};
};

struct ReplaceStep {
  int32_t cancelled = 0;
  // More can be cancelled right now: call again.
  bool more = false;
  // Are being sent, and may come back: call again until there are none.
  int64_t sending = 0;
};

struct ImportStep {
  OperationStep step;
  int64_t campaign_id = 0;
  std::vector<ImportedRow> rows;
  // In the order of the file. Past limits::kRejectedRowsMax of an import they are only counted.
  std::vector<RejectedRow> rejected;
  // Added to the import's.
  domain::ImportCounts counts = {};
};

// Uploads, and imports besides what they have of operations.
class ImportStore {
 public:
  virtual ~ImportStore() = default;

  // -- Uploads: what is known of files that lie elsewhere. Blocking.

  // Gives an id to a file that is arriving. Nobody sees it before FinishUpload.
  virtual absl::StatusOr<int64_t> BeginUpload(int64_t account_id, const std::string& file_name,
                                              absl::Time now) = 0;
  // `upload`: as BeginUpload had it, with bytes and hash. NOT_FOUND.
  virtual absl::Status FinishUpload(const domain::Upload& upload, absl::Time now) = 0;
  // NOT_FOUND also for another account's (account_id 0 skips that check).
  virtual absl::StatusOr<domain::Upload> GetUpload(int64_t account_id, int64_t upload_id) = 0;
  // The same; and it counts as used at `now`.
  virtual absl::StatusOr<domain::Upload> UseUpload(int64_t account_id, int64_t upload_id,
                                                   absl::Time now) = 0;
  // Finished or not. FAILED_PRECONDITION while an import reads it. NOT_FOUND also for another
  // account's (account_id 0 skips that check).
  virtual absl::Status DeleteUpload(int64_t account_id, int64_t upload_id) = 0;
  // Ids of uploads that were last used before `before`, and that no import reads.
  virtual absl::StatusOr<std::vector<int64_t>> ListUnusedUploads(absl::Time before,
                                                                 int32_t limit) = 0;
  // Ids of an account's finished uploads that began to arrive at `until` or before; ascending,
  // after `after_id`.
  virtual absl::StatusOr<std::vector<int64_t>> ListUploads(int64_t account_id, absl::Time until,
                                                           int64_t after_id, int32_t limit) = 0;
  // At start: forgets those that were arriving when the last server ended.
  virtual absl::Status DropUnfinishedUploads() = 0;

  // -- Imports

  // Blocking. As CreateOperation; besides, NOT_FOUND: the upload. FAILED_PRECONDITION: the campaign
  // takes no messages, another import of it runs, or it is RUNNING and `replaces` is set.
  virtual absl::StatusOr<domain::Operation> CreateImport(const NewImport& import,
                                                         absl::Time now) = 0;
  // Blocking. NOT_FOUND also where the operation is no import.
  virtual absl::StatusOr<ImportDetails> GetImport(int64_t operation_id) = 0;

  // Asynchronous. Messages, rejected rows, counts and the operation's step: all or nothing. Besides
  // AdvanceOperation's errors: NOT_FOUND or FAILED_PRECONDITION where the campaign is gone or takes
  // no messages any more. Fields become text on the caller's thread.
  using StepDone = absl::AnyInvocable<void(absl::Status)>;
  virtual void AddImportStep(std::shared_ptr<const ImportStep> step, absl::Time now,
                             StepDone done) = 0;

  // Blocking. A step before the rows of an import that replaces: at most `limit` ACCEPTED messages
  // of the campaign become CANCELLED (REPLACED). `step.checkpoint` holds when none is left and none
  // is being sent; until then the operation keeps the one it has, and the campaign cannot become
  // RUNNING (CAMPAIGN_CLEARING).
  virtual absl::StatusOr<ReplaceStep> CancelReplaced(const OperationStep& step, int32_t limit,
                                                     absl::Time now) = 0;

  // Blocking. The recipients of a campaign's messages but those REPLACED, by descending id, from
  // below `before_id` (INT64_MAX: from the end) and in about `rows_max` rows. Where to go on; 0 at
  // the end.
  virtual absl::StatusOr<int64_t> ScanRecipients(
      int64_t campaign_id, int64_t before_id, int32_t rows_max,
      absl::FunctionRef<void(std::string_view recipient)> visit) = 0;

  // Blocking. In the order of the file, after row number `after_row`.
  virtual absl::StatusOr<std::vector<RejectedRow>> ListRejectedRows(int64_t operation_id,
                                                                    int64_t after_row,
                                                                    int32_t limit) = 0;
  // Blocking. Takes the values out of rejected rows; nothing of them stays in the file, once
  // MessageStore::EmptyLog has answered true.
  virtual absl::Status BlankRejectedRows(int64_t operation_id,
                                         const std::vector<int64_t>& row_numbers) = 0;
};

}  // namespace campaigner::storage

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/domain/address.h"
#include "server/domain/phone.h"
#include "server/operations/job.h"
#include "server/storage/store.h"

namespace campaigner::operations {

struct EraseContext {
  storage::Store& store;
  const base::Clock& clock;
  const domain::PhoneNormalizer& phones;
  // FAILED_PRECONDITION while an import reads it, NOT_FOUND.
  std::function<absl::Status(int64_t account_id, int64_t upload_id)> delete_upload;
};

// Erases a recipient from an account, in phases:
// - the messages: first what waits, so that it is not sent, and all that is not being sent; what is
//   being sent as soon as it is sent;
// - the imports that began before it are waited for, as they may bring the recipient in again, and
//   then the messages once more;
// - the rejected rows of imports, whose values are blanked where they hold the address;
// - the uploads that began to arrive before it, as their rows are not known;
// - the log of the database, so that nothing is left in a file.
//
// Phase and address stand in the checkpoint, and there only: they go with the end, however it ends.
// Where that is FAILED or CANCELLED, what the log holds goes with the log, in its own time.
class EraseJob final : public Job {
 public:
  // What is referred to must outlive it. `operation` is of kind kErase.
  static absl::StatusOr<std::unique_ptr<Job>> Make(const EraseContext& context,
                                                   const domain::Operation& operation);

  absl::StatusOr<Turn> TakeTurn() override;

 private:
  // Stored: never change a number.
  enum class Phase {
    kMessages = 0,
    kImports = 1,
    kLateMessages = 2,
    kRejectedRows = 3,
    kUploads = 4,
    kLog = 5,
  };

  EraseJob(const EraseContext& context, const domain::Operation& operation, Phase phase,
           const std::string& recipient, const std::string& region);

  absl::StatusOr<Turn> EraseMessages();
  absl::StatusOr<Turn> AwaitImports();
  absl::StatusOr<Turn> BlankRejectedRows();
  absl::StatusOr<Turn> DeleteUploads();
  absl::StatusOr<Turn> EmptyLog();

  // False: there is none.
  absl::StatusOr<bool> FindNextImport();
  // A step. `next` may be the present phase.
  absl::Status Advance(Phase next, int32_t messages, bool is_last = false);
  Turn Later() const;

  const EraseContext context_;
  const int64_t operation_id_;
  const int64_t account_id_;
  const absl::Time begin_time_;
  Phase phase_;
  const std::string recipient_;
  const domain::AddressFinder finder_;
  int64_t steps_ = 0;
  int64_t done_ = 0;
  // Since when it waits, for what is being sent or for readers of the log.
  absl::Time waits_since_ = absl::InfiniteFuture();
  bool has_warned_ = false;
  // Of kRejectedRows: operations are looked at from the newest down. Which is the last that was
  // seen, which one's rows are read (0: none), and from where.
  int64_t seen_operation_id_ = 0;
  int64_t import_id_ = 0;
  int64_t after_row_ = 0;
  // Of kUploads.
  int64_t after_upload_id_ = 0;
};

}  // namespace campaigner::operations

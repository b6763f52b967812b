#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/operations/job.h"
#include "server/storage/store.h"

namespace campaigner::operations {

// Erases a recipient from an account, a step at a time: first what waits, so that it is not sent,
// and all that is not being sent; what is being sent as soon as it is sent. At last the log of the
// database is emptied, so that nothing is left in a file.
//
// Who it is stands in the checkpoint, and there only: it goes with the last step. The number is
// therefore also gone from an operation that FAILED.
class EraseJob final : public Job {
 public:
  // `store` and `clock` must outlive it. `operation` is of kind kErase.
  static absl::StatusOr<std::unique_ptr<Job>> Make(storage::Store& store, const base::Clock& clock,
                                                   const domain::Operation& operation);

  absl::StatusOr<Turn> TakeTurn() override;

 private:
  EraseJob(storage::Store& store, const base::Clock& clock, const domain::Operation& operation);

  absl::StatusOr<Turn> Erase();
  absl::StatusOr<Turn> EmptyLog();
  absl::Status Advance(const std::string& checkpoint, int32_t messages, bool is_last);
  Turn Later() const;

  storage::Store& store_;
  const base::Clock& clock_;
  const int64_t operation_id_;
  const int64_t account_id_;
  // Empty: all is erased, and the log is left.
  std::string recipient_;
  int64_t steps_ = 0;
  int64_t done_ = 0;
  // Since when it waits, for what is being sent or for readers of the log.
  absl::Time waits_since_ = absl::InfiniteFuture();
};

}  // namespace campaigner::operations

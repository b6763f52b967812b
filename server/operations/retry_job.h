#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/operations/job.h"
#include "server/storage/store.h"

namespace campaigner::operations {

// What an operation of kind kRetry is asked, as its request.
std::string WriteRetryRequest(const storage::RetryFilter& filter);

// Sends a campaign's failed messages again, a step at a time. The checkpoint is the last message
// looked at. A message that was sent again is not among the failed, so a step that is repeated
// after a crash does no harm; its messages are then not counted.
class RetryJob final : public Job {
 public:
  // `store` and `clock` must outlive it. `operation` is of kind kRetry.
  static absl::StatusOr<std::unique_ptr<Job>> Make(storage::Store& store, const base::Clock& clock,
                                                   const domain::Operation& operation);

  absl::StatusOr<Turn> TakeTurn() override;

 private:
  RetryJob(storage::Store& store, const base::Clock& clock, const domain::Operation& operation);

  storage::Store& store_;
  const base::Clock& clock_;
  const int64_t operation_id_;
  const int64_t campaign_id_;
  storage::RetryFilter filter_;
  int64_t after_id_ = 0;
  int64_t steps_ = 0;
  int64_t done_ = 0;
  int64_t total_ = 0;
};

}  // namespace campaigner::operations

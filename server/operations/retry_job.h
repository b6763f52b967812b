#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/operations/job.h"
#include "server/storage/route_picker.h"
#include "server/storage/store.h"

namespace campaigner::operations {

// What an operation of kind kRetry is asked, as its request.
std::string WriteRetryRequest(const storage::RetryFilter& filter);

struct RetryContext {
  storage::Store& store;
  const base::Clock& clock;
  storage::RoutePicker pick_route;
};

// Sends a campaign's failed messages again, a step at a time: over the route that carries each now,
// at its price; what nobody carries any more stays as it is. The checkpoint is the last message
// looked at.
class RetryJob final : public Job {
 public:
  // What is referred to must outlive it. `operation` is of kind kRetry.
  static absl::StatusOr<std::unique_ptr<Job>> Make(const RetryContext& context,
                                                   const domain::Operation& operation);

  absl::StatusOr<Turn> TakeTurn() override;

 private:
  RetryJob(const RetryContext& context, const domain::Operation& operation);

  absl::StatusOr<std::vector<storage::MessageAgain>> PickRoutes(
      const std::vector<storage::FailedMessage>& failed) const;

  const RetryContext context_;
  const int64_t operation_id_;
  const int64_t campaign_id_;
  storage::RetryFilter filter_;
  int64_t after_id_ = 0;
  int64_t steps_ = 0;
  int64_t done_ = 0;
  int64_t total_ = 0;
};

}  // namespace campaigner::operations

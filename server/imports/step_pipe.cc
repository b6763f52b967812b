#include "server/imports/step_pipe.h"

#include <utility>

#include "server/base/limits.h"

namespace campaigner::imports {
namespace {

// Long enough for a queue to empty, short beside the time in which somebody makes room on a disk.
constexpr absl::Duration kRetryPause = absl::Milliseconds(250);

}  // namespace

StepPipe::StepPipe(storage::ImportStore& store, const base::Clock& clock, ImportMetrics& metrics,
                   operations::Wake wake)
    : store_(store), clock_(clock), metrics_(metrics), wake_(std::move(wake)) {}

bool StepPipe::HasRoom() const { return sent_.size() < base::limits::kImportStepsAhead; }

void StepPipe::Send(std::shared_ptr<const storage::ImportStep> step) {
  Submit(sent_.emplace_back(std::move(step)));
}

void StepPipe::Submit(const std::shared_ptr<const storage::ImportStep>& step) {
  // Counted here, because the last answer may come when the pipe is gone.
  auto done = [answers = answers_, wake = wake_, step, &metrics = metrics_](absl::Status status) {
    if (status.ok()) {
      metrics.imported_rows += static_cast<int64_t>(step->rows.size());
      metrics.rejected_rows += static_cast<int64_t>(step->rejected.size());
    }
    {
      base::MutexLock lock(answers->mutex);
      answers->by_number[step->step.number] = std::move(status);
    }
    wake();
  };
  store_.AddImportStep(step, clock_.Now(), std::move(done));
}

absl::StatusOr<absl::Time> StepPipe::Settle() {
  {
    base::MutexLock lock(answers_->mutex);
    while (!sent_.empty()) {
      const auto answer = answers_->by_number.find(sent_.front()->step.number);
      if (answer == answers_->by_number.end()) return absl::InfinitePast();
      if (!answer->second.ok()) {
        if (!absl::IsUnavailable(answer->second)) return answer->second;
        break;
      }
      answers_->by_number.erase(answer);
      sent_.pop_front();
    }
    if (sent_.empty()) return absl::InfinitePast();
    // Those behind the refused one were refused too; all go again, once all have come back.
    if (answers_->by_number.size() < sent_.size()) return absl::InfiniteFuture();
    const absl::Time now = clock_.Now();
    if (retry_time_ == absl::InfinitePast()) retry_time_ = now + kRetryPause;
    if (now < retry_time_) return retry_time_;
    retry_time_ = absl::InfinitePast();
    answers_->by_number.clear();
  }
  for (const auto& step : sent_) Submit(step);
  return absl::InfinitePast();
}

}  // namespace campaigner::imports

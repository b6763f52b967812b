#include "tests/simulation/faulty_provider.h"

#include <utility>

namespace campaigner::simulation {

using domain::AttemptOutcome;
using domain::MessageState;

void FaultyProvider::Submit(std::vector<providers::Submission> batch, Done done) {
  std::vector<providers::SubmitOutcome> outcomes;
  std::vector<int64_t> message_ids;
  for (const providers::Submission& submission : batch) {
    on_submit(submission);
    providers::SubmitOutcome outcome = Decide();
    Handing handing;
    handing.message_id = submission.message_id;
    handing.reference = submission.reference;
    handing.text = submission.text;
    handing.time = clock_.Now();
    handing.sequence = ++handings_made_;
    handing.outcome = outcome.outcome;
    handing.life = life_;
    handings_[submission.message_id].push_back(handing);
    // Of those whose answer is lost, half were taken nevertheless.
    if (outcome.outcome == AttemptOutcome::kAccepted ||
        (outcome.outcome == AttemptOutcome::kUnknown && random_.Percent(50))) {
      PlanReceipts(submission.message_id);
    }
    message_ids.push_back(submission.message_id);
    outcomes.push_back(std::move(outcome));
  }
  if (random_.Percent(at_once_percent_)) {
    Answer(message_ids, life_, std::move(outcomes), std::move(done));
    return;
  }
  const absl::Time time = clock_.Now() + random_.Between(absl::Milliseconds(1), absl::Seconds(5));
  events_.emplace(time, [this, message_ids, life = life_, outcomes = std::move(outcomes),
                         done = std::move(done)]() mutable {
    Answer(message_ids, life, std::move(outcomes), std::move(done));
  });
}

void FaultyProvider::Answer(const std::vector<int64_t>& message_ids, int life,
                            std::vector<providers::SubmitOutcome> outcomes, Done done) {
  if (life != life_) return;
  for (int64_t message_id : message_ids) {
    handings_[message_id].back().is_answered = true;
    unsettled_.push_back(message_id);
  }
  done(std::move(outcomes));
}

void FaultyProvider::Settle() {
  for (int64_t message_id : std::exchange(unsettled_, {})) {
    for (Handing& handing : handings_[message_id]) {
      if (handing.is_answered && handing.life == life_) handing.is_settled = true;
    }
  }
}

providers::SubmitOutcome FaultyProvider::Decide() {
  providers::SubmitOutcome result;
  switch (mood_) {
    case Mood::kHealthy: result.outcome = AttemptOutcome::kAccepted; break;
    case Mood::kFlaky: result.outcome = DecideFlaky(); break;
    case Mood::kDead:
      result.outcome =
          random_.Percent(50) ? AttemptOutcome::kUnknown : AttemptOutcome::kPassingFailure;
      break;
    case Mood::kThrottling:
      result.outcome = AttemptOutcome::kThrottled;
      if (random_.Percent(50)) result.retry_after = absl::Seconds(random_.Between(1, 90));
      break;
  }
  if (result.outcome == AttemptOutcome::kRejected) {
    result.rejection =
        random_.Percent(50) ? domain::StateReason::kWrongRecipient : domain::StateReason::kFailed;
  }
  return result;
}

AttemptOutcome FaultyProvider::DecideFlaky() {
  const int64_t dice = random_.Between(1, 100);
  if (dice <= 45) return AttemptOutcome::kAccepted;
  if (dice <= 55) return AttemptOutcome::kRejected;
  if (dice <= 75) return AttemptOutcome::kPassingFailure;
  if (dice <= 80) return AttemptOutcome::kThrottled;
  if (dice <= 82) return AttemptOutcome::kMisconfigured;
  if (dice <= 85) return AttemptOutcome::kOptedOut;
  return AttemptOutcome::kUnknown;
}

void FaultyProvider::PlanReceipts(int64_t message_id) {
  const int64_t dice = random_.Between(1, 100);
  if (dice <= 10) return;  // Silent.
  if (dice <= 20) return PlanReceipt(message_id, MessageState::kUndelivered);
  PlanReceipt(message_id, MessageState::kDelivered);
  if (dice <= 30) PlanReceipt(message_id, MessageState::kPartiallyDelivered);
  if (dice > 30 && dice <= 40) PlanReceipt(message_id, MessageState::kRead);
  if (dice > 35 && dice <= 40) PlanReceipt(message_id, MessageState::kClicked);
  if (dice > 40 && dice <= 50) PlanReceipt(message_id, MessageState::kDelivered);
}

void FaultyProvider::PlanReceipt(int64_t message_id, MessageState state) {
  const absl::Duration delay = random_.Percent(20)
                                   ? absl::Milliseconds(random_.Between(0, 3))
                                   : random_.Between(absl::Seconds(1), absl::Minutes(10));
  providers::Receipt receipt;
  receipt.message_id = message_id;
  receipt.state = state;
  if (state == MessageState::kUndelivered) receipt.reason = domain::StateReason::kUnavailable;
  events_.emplace(clock_.Now() + delay, [this, receipt] { on_receipt(receipt); });
}

void FaultyProvider::RunDue() {
  while (!events_.empty() && events_.begin()->first <= clock_.Now()) {
    Event event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
}

}  // namespace campaigner::simulation

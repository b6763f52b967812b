#include "server/providers/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/domain/errors/requests.h"

namespace campaigner::providers {
namespace {

using domain::AttemptOutcome;
using domain::MessageState;
using domain::StateReason;

constexpr int kBatchMax = 1000;
constexpr int kConcurrency = 2000;
// Receipts handed out at once: a batch that storage takes in one commit.
constexpr size_t kReceiptsPerCallMax = 1000;
constexpr uint64_t kAttemptSalt = 0x9E3779B97F4A7C15;

// The finaliser of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014).
uint64_t Mixed(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// Evenly spread over [0, 100).
double Percent(uint64_t hash) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(hash >> 11) / kTwoTo53 * 100;
}

uint64_t Hash(uint64_t seed, int64_t message_id) {
  return Mixed(Mixed(seed) ^ static_cast<uint64_t>(message_id));
}

absl::Status CheckPercent(const std::string& path, const char* field, double percent) {
  // Written so that NaN is refused too.
  if (percent >= 0 && percent <= 100) return absl::OkStatus();
  return domain::errors::InvalidField(path + field, "must be 0 to 100");
}

absl::Status Check(const std::string& name, const SimulatorOptions& options) {
  const std::string path = fmt::format("providers[{}].simulator.", name);
  for (const auto& [field, percent] :
       {std::pair("undelivered_percent", options.undelivered_percent),
        std::pair("rejected_percent", options.rejected_percent),
        std::pair("passing_failure_percent", options.passing_failure_percent),
        std::pair("silent_percent", options.silent_percent)}) {
    absl::Status status = CheckPercent(path, field, percent);
    if (!status.ok()) return status;
  }
  if (options.undelivered_percent + options.rejected_percent + options.silent_percent > 100) {
    return domain::errors::InvalidField(
        path + "undelivered_percent",
        "must not exceed 100 together with rejected_percent and silent_percent");
  }
  if (options.receipt_delay < absl::ZeroDuration() ||
      options.receipt_delay > absl::Hours(24 * 366)) {
    return domain::errors::InvalidField(path + "receipt_delay", "must be 0 to 366 days");
  }
  return absl::OkStatus();
}

SubmitOutcome Outcome(AttemptOutcome outcome, StateReason rejection, const char* detail) {
  SubmitOutcome result;
  result.outcome = outcome;
  result.rejection = rejection;
  result.detail = detail;
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SimulatorProvider>> SimulatorProvider::Make(
    const std::string& name, const SimulatorOptions& options, base::Clock& clock,
    ReceiptSink receipts) {
  absl::Status status = Check(name, options);
  if (!status.ok()) return status;
  std::unique_ptr<SimulatorProvider> made(
      new SimulatorProvider(options, clock, std::move(receipts)));
  if (options.own_thread)
    made->thread_ = std::thread([simulator = made.get()] { simulator->Loop(); });
  return made;
}

SimulatorProvider::SimulatorProvider(const SimulatorOptions& options, base::Clock& clock,
                                     ReceiptSink receipts)
    : options_(options),
      capabilities_{.batch_max = kBatchMax,
                    .sends_receipts = true,
                    .deduplicates = true,
                    .concurrency_default = kConcurrency},
      clock_(clock),
      receipts_(std::move(receipts)) {}

SimulatorProvider::~SimulatorProvider() { Stop(); }

SimulatorProvider::Fate SimulatorProvider::FateOf(const Submission& submission) const {
  uint64_t hash = Hash(options_.seed, submission.message_id);
  if (submission.round > 0) hash = Mixed(hash + static_cast<uint64_t>(submission.round));
  const double share = Percent(hash);
  double bound = options_.undelivered_percent;
  if (share < bound) return Fate::kUndelivered;
  bound += options_.rejected_percent;
  if (share < bound) return Fate::kRejected;
  bound += options_.silent_percent;
  return share < bound ? Fate::kSilent : Fate::kDelivered;
}

bool SimulatorProvider::FailsInPassing(const Submission& submission) const {
  const uint64_t hash = Hash(options_.seed ^ kAttemptSalt, submission.message_id);
  return Percent(Mixed(hash + static_cast<uint64_t>(submission.attempt_number))) <
         options_.passing_failure_percent;
}

void SimulatorProvider::Submit(std::vector<Submission> batch, Done done) {
  std::vector<SubmitOutcome> outcomes;
  outcomes.reserve(batch.size());
  std::vector<Pending> receipts;
  receipts.reserve(batch.size());
  for (const Submission& submission : batch) {
    const Fate fate = FateOf(submission);
    if (FailsInPassing(submission)) {
      outcomes.push_back(Outcome(AttemptOutcome::kPassingFailure, StateReason::kFailed,
                                 "simulated passing failure"));
    } else if (fate == Fate::kRejected) {
      outcomes.push_back(
          Outcome(AttemptOutcome::kRejected, StateReason::kWrongRecipient, "simulated rejection"));
    } else {
      outcomes.push_back(Outcome(AttemptOutcome::kAccepted, StateReason::kFailed, "accepted"));
      const auto round = static_cast<uint16_t>(submission.round);
      if (fate != Fate::kSilent) receipts.push_back({submission.message_id, 0, round, fate});
    }
  }
  Schedule(std::move(receipts));
  done(std::move(outcomes));
}

void SimulatorProvider::Schedule(std::vector<Pending> receipts) {
  if (receipts.empty()) return;
  base::MutexLock lock(mutex_);
  if (is_stopped_) return;
  const absl::Duration due = clock_.Now() - absl::UnixEpoch() + options_.receipt_delay;
  auto tick = static_cast<uint64_t>(absl::ToInt64Milliseconds(absl::Ceil(due, kTick)) /
                                    absl::ToInt64Milliseconds(kTick));
  const bool was_idle = pending_.empty();
  // A system clock may be set back.
  if (!was_idle) tick = std::max<uint64_t>(tick, pending_.back().tick);
  for (Pending& pending : receipts) {
    pending.tick = tick & kTickMask;
    pending_.push_back(pending);
  }
  if (was_idle) wake_.Notify();
}

absl::Time SimulatorProvider::TimeOf(const Pending& pending) {
  return absl::UnixEpoch() + kTick * static_cast<int64_t>(pending.tick);
}

absl::Time SimulatorProvider::RunOnce(absl::Time now) {
  while (true) {
    std::vector<Receipt> due;
    {
      base::MutexLock lock(mutex_);
      while (!is_stopped_ && !pending_.empty() && due.size() < kReceiptsPerCallMax &&
             TimeOf(pending_.front()) <= now) {
        const Pending& pending = pending_.front();
        const bool is_delivered = pending.fate == Fate::kDelivered;
        due.push_back(
            {.message_id = pending.message_id,
             .round = static_cast<int32_t>(pending.round),
             .state = is_delivered ? MessageState::kDelivered : MessageState::kUndelivered,
             .reason = is_delivered ? StateReason::kNone : StateReason::kUnavailable,
             .detail = is_delivered ? "" : "simulated: not delivered"});
        pending_.pop_front();
      }
      if (due.empty()) {
        return is_stopped_ || pending_.empty() ? absl::InfiniteFuture() : TimeOf(pending_.front());
      }
    }
    receipts_(std::move(due));
  }
}

void SimulatorProvider::Loop() {
  while (true) {
    const absl::Time next = RunOnce(clock_.Now());
    {
      base::MutexLock lock(mutex_);
      if (is_stopped_) return;
    }
    clock_.SleepUntil(wake_, next);
  }
}

void SimulatorProvider::Stop() {
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    pending_.clear();
  }
  wake_.Notify();
  const std::lock_guard<std::mutex> once(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace campaigner::providers

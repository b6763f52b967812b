#include "server/operations/runner.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "server/base/error.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/requests.h"

namespace campaigner::operations {
namespace {

namespace limits = base::limits;
using domain::Operation;
using domain::OperationState;
using Next = Job::Turn::Next;

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status);
}

// Somebody else ended it: its job has nothing more to do, and nothing went wrong.
bool HasEnded(const absl::Status& status) {
  const std::string reason = base::GetErrorDetail(status).reason;
  return reason == "OPERATION_ENDED" || reason == "OPERATION_NOT_FOUND";
}

}  // namespace

Runner::Runner(RunnerOptions options, storage::Store& store, base::Clock& clock)
    : options_(options), store_(store), clock_(clock) {}

Runner::~Runner() { Stop(); }

void Runner::Register(domain::OperationKind kind, MakeJob make) { makers_[kind] = std::move(make); }

void Runner::AddChore(const std::string& name, absl::Duration interval, Chore chore) {
  chores_.push_back({.name = name, .interval = interval, .perform = std::move(chore)});
}

void Runner::Start() {
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
}

void Runner::Stop() {
  is_stopping_ = true;
  alarm_->signal.Notify();
  if (thread_.joinable()) thread_.join();
  slots_.clear();
}

void Runner::Run() {
  while (!is_stopping_) {
    const absl::Time next = RunOnce();
    if (!is_stopping_ && next > clock_.Now()) clock_.SleepUntil(alarm_->signal, next);
  }
}

void Runner::OnOperationsChanged(const std::vector<storage::OperationChange>& changes) {
  {
    base::MutexLock lock(mutex_);
    for (const auto& change : changes) troubles_.erase(change.operation_id);
    const bool is_news = std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
      return change.state != OperationState::kRunning || !known_.contains(change.operation_id);
    });
    if (!is_news) return;
  }
  is_stale_ = true;
  alarm_->signal.Notify();
}

absl::Time Runner::RunOnce() {
  const absl::Time now = clock_.Now();
  RunChores(now);
  if (is_stale_.exchange(false)) {
    if (absl::Status status = Refresh(); !status.ok()) {
      base::LogWarning("operations_not_listed", {{"status", status.ToString()}});
      is_stale_ = true;
      return now + options_.retry_pause;
    }
  }
  absl::Time next = absl::InfiniteFuture();
  for (auto& [operation_id, slot] : slots_) {
    if (is_stopping_) break;
    if (slot.is_woken->exchange(false)) slot.due = std::min(slot.due, now);
    if (slot.due <= now && !slot.has_ended) GiveTurn(operation_id, slot, now);
    if (!slot.has_ended) next = std::min(next, slot.due);
  }
  for (const NamedChore& chore : chores_) next = std::min(next, chore.due);
  return is_stale_ ? now : next;
}

void Runner::RunChores(absl::Time now) {
  for (NamedChore& chore : chores_) {
    if (chore.due > now) continue;
    chore.due = now + chore.interval;
    if (absl::Status status = chore.perform(now); !status.ok()) {
      base::LogWarning("chore_failed", {{"chore", chore.name}, {"status", status.ToString()}});
    }
  }
}

absl::Status Runner::Refresh() {
  ASSIGN_OR_RETURN(
      const std::vector<Operation> operations,
      store_.ListRunningOperations(limits::kOperationsOfAccountAtOnce, limits::kOperationsAtOnce));
  std::set<int64_t> ids;
  for (const Operation& operation : operations) ids.insert(operation.id);
  std::erase_if(slots_, [&](const auto& slot) { return !ids.contains(slot.first); });
  for (const int64_t id : ids) {
    const auto [slot, is_new] = slots_.try_emplace(id);
    if (is_new) slot->second.is_woken = std::make_shared<std::atomic<bool>>(false);
  }
  running_ = static_cast<int>(slots_.size());
  base::MutexLock lock(mutex_);
  std::erase_if(troubles_, [&](const auto& trouble) { return !ids.contains(trouble.first); });
  known_ = std::move(ids);
  return absl::OkStatus();
}

void Runner::GiveTurn(int64_t operation_id, Slot& slot, absl::Time now) {
  const absl::StatusOr<Job::Turn> turn = TryTurn(operation_id, slot);
  if (!turn.ok()) return Fail(operation_id, slot, turn.status(), now);
  switch (turn->next) {
    case Next::kAtOnce: slot.due = now; break;
    case Next::kLater: slot.due = turn->time; break;
    case Next::kNever: {
      slot.job.reset();
      slot.has_ended = true;
      is_stale_ = true;
    }
  }
}

absl::StatusOr<Job::Turn> Runner::TryTurn(int64_t operation_id, Slot& slot) {
  try {
    if (slot.job == nullptr) {
      ASSIGN_OR_RETURN(const Operation operation, store_.GetOperation(0, operation_id));
      if (operation.state != OperationState::kRunning) return Job::Turn{.next = Next::kNever};
      const auto maker = makers_.find(operation.kind);
      if (maker == makers_.end()) {
        return absl::UnimplementedError("this server does no such work");
      }
      Wake wake = [alarm = alarm_, is_woken = slot.is_woken] {
        *is_woken = true;
        alarm->signal.Notify();
      };
      ASSIGN_OR_RETURN(slot.job, maker->second(operation, std::move(wake)));
    }
    return slot.job->TakeTurn();
  } catch (const std::exception& exception) {
    return domain::errors::Internal(exception.what());
  }
}

absl::Status Runner::PassingError(int64_t operation_id) const {
  base::MutexLock lock(mutex_);
  const auto found = troubles_.find(operation_id);
  return found == troubles_.end() ? absl::OkStatus() : found->second.last;
}

Runner::Trouble Runner::NoteTrouble(int64_t operation_id, const absl::Status& error,
                                    absl::Time now) {
  base::MutexLock lock(mutex_);
  const auto [found, is_new] = troubles_.try_emplace(operation_id);
  Trouble& trouble = found->second;
  if (is_new) {
    base::LogWarning("operation_failed",
                     {{"operation", operation_id}, {"status", error.ToString()}});
    trouble.since = now;
    trouble.pause = options_.retry_pause;
  } else {
    trouble.pause = std::min(2 * trouble.pause, limits::kOperationPauseMax);
  }
  trouble.last = error;
  return trouble;
}

void Runner::Fail(int64_t operation_id, Slot& slot, const absl::Status& error, absl::Time now) {
  slot.job.reset();
  if (HasEnded(error)) {
    slot.has_ended = true;
    is_stale_ = true;
    return;
  }
  const Trouble trouble = NoteTrouble(operation_id, error, now);
  slot.due = now + trouble.pause;
  if (IsPassing(error) && now - trouble.since < limits::kOperationPatience) return;
  // What cannot be written down is tried again: the job meets the same error.
  if (!store_.FailOperation(operation_id, error, clock_.Now()).ok()) return;
  slot.has_ended = true;
  is_stale_ = true;
}

}  // namespace campaigner::operations

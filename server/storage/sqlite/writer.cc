#include "server/storage/sqlite/writer.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"
#include "server/storage/sqlite/sql.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
namespace limits = base::limits;

// Callers who wait for one another's answers come back at once or not at all: a quarter of the time
// without anybody ends it.
constexpr int kGatherSteps = 4;

// Failures of the store itself, rather than of what one write asked for.
bool IsStorageFailure(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDataLoss;
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, Caches& caches, const WriterOptions& options)
    : connection_(std::move(connection)), transaction_(*connection_, caches), options_(options) {}

Writer::~Writer() {
  Drain();
  {
    base::MutexLock lock(mutex_);
    is_stopping_ = true;
    not_empty_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Writer::Start() {
  transaction_.Load();
  thread_ = std::thread([this] { Loop(); });
}

void Writer::AddObserver(StoreObserver* observer) {
  base::MutexLock lock(mutex_);
  observers_.push_back(observer);
}

void Writer::Drain() {
  base::MutexLock lock(mutex_);
  is_draining_ = true;
  not_empty_.notify_all();
  idle_.wait(lock, [this] { return queue_.empty() && !is_busy_; });
}

size_t Writer::QueueLength() const {
  base::MutexLock lock(mutex_);
  return queue_.size();
}

absl::Status Writer::Accepts() const {
  base::MutexLock lock(mutex_);
  if (is_draining_) return errors::Draining();
  if (queue_.size() >= options_.queue_max) return errors::Overloaded();
  return absl::OkStatus();
}

WriterHealth Writer::Health() const {
  base::MutexLock lock(mutex_);
  return health_;
}

absl::Status Writer::Admit(const WriteRequest& request) const {
  if (is_draining_) return errors::Draining();
  const bool is_new = request.admission() == Admission::kNewWork;
  const size_t count_max =
      is_new ? options_.queue_max - options_.queue_max / 4 : options_.queue_max;
  const size_t bytes_max =
      is_new ? options_.queue_bytes_max - options_.queue_bytes_max / 4 : options_.queue_bytes_max;
  if (queue_.size() >= count_max) return errors::Overloaded();
  // A request that is larger than the whole queue goes in alone.
  if (!queue_.empty() && queue_bytes_ + request.size().bytes > bytes_max) {
    return errors::Overloaded();
  }
  return absl::OkStatus();
}

void Writer::Enqueue(std::unique_ptr<WriteRequest> request) {
  absl::Status refusal;
  {
    base::MutexLock lock(mutex_);
    refusal = Admit(*request);
    if (refusal.ok()) {
      const bool was_enough = IsEnough();
      queue_bytes_ += request->size().bytes;
      if (request->admission() == Admission::kNewWork) callers_.Come();
      queue_.push_back(std::move(request));
      if (queue_.size() == 1 || (!was_enough && IsEnough())) not_empty_.notify_one();
      return;
    }
  }
  request->Complete(std::move(refusal));
}

void Writer::Loop() {
  for (Group group = NextGroup(); !group.empty(); group = NextGroup()) RunGroup(std::move(group));
}

Writer::Group Writer::NextGroup() {
  base::MutexLock lock(mutex_);
  is_busy_ = false;
  if (queue_.empty()) idle_.notify_all();
  not_empty_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
  Gather(lock);
  last_group_start_ = std::chrono::steady_clock::now();
  Group group;
  size_t rows = 0;
  while (!queue_.empty() && (group.empty() || rows < limits::kGroupRowsMax)) {
    rows += queue_.front()->size().rows;
    queue_bytes_ -= queue_.front()->size().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  is_busy_ = !group.empty();
  return group;
}

bool Writer::IsEnough() const {
  return queue_.size() >= kGatherRequestsMax || queue_bytes_ >= kGatherBytesMax ||
         callers_.waiting() >= callers_.most();
}

void Writer::Gather(base::MutexLock& lock) {
  if (callers_.most() < kGatherCallersMin) return;
  const auto end = last_group_start_ + absl::ToChronoNanoseconds(options_.gather_time);
  const auto step = absl::ToChronoNanoseconds(options_.gather_time / kGatherSteps);
  size_t seen = 0;
  for (auto now = std::chrono::steady_clock::now(); now < end && queue_.size() > seen;
       now = std::chrono::steady_clock::now()) {
    seen = queue_.size();
    const auto has_enough = [this] { return is_draining_ || is_stopping_ || IsEnough(); };
    if (not_empty_.wait_until(lock, std::min(now + step, end), has_enough)) return;
  }
}

void Writer::RunGroup(Group group) {
  bool is_watched = false;
  for (StoreObserver* observer : Observers()) is_watched |= observer->WantsMessageChanges();
  const absl::Time start = options_.clock == nullptr ? absl::Time() : options_.clock->Now();
  transaction_.BeginGroup(is_watched);
  std::vector<absl::Status> statuses(group.size());
  absl::Status status = Guard([&] { return CommitGroup(group, statuses); });
  const bool is_failing = IsStorageFailure(status);
  NoteGroup(group, is_failing, base::ToStd(status.message()));
  if (status.ok()) {
    const Effects& effects = transaction_.PublishGroup();
    for (size_t i = 0; i < group.size(); ++i) group[i]->Complete(std::move(statuses[i]));
    Notify(effects);
  } else {
    FailGroup(group, std::move(statuses), std::move(status));
  }
  if (options_.clock == nullptr) return;
  const CommitReport report{group.size(), options_.clock->Now() - start, !is_failing};
  for (StoreObserver* observer : Observers()) observer->OnCommit(report);
}

void Writer::FailGroup(const Group& group, std::vector<absl::Status> statuses,
                       absl::Status status) {
  if (connection_->InTransaction()) {
    sqlite3_exec(connection_->handle(), sql::kRollback, nullptr, nullptr, nullptr);
  }
  transaction_.AbandonGroup();
  for (size_t i = 0; i < group.size(); ++i) {
    const bool is_last = i + 1 == group.size();
    if (statuses[i].ok()) statuses[i] = is_last ? std::move(status) : status;
    group[i]->Complete(std::move(statuses[i]));
  }
}

absl::Status Writer::CommitGroup(const Group& group, std::vector<absl::Status>& statuses) {
  const bool is_alone = group.size() == 1;
  Query(*connection_, sql::kBegin).Run();
  for (size_t i = 0; i < group.size(); ++i) {
    statuses[i] = RunOne(*group[i], is_alone);
    // SQLite may have ended the transaction by itself; and after a full disk or the like, the rest
    // would fare no better.
    const bool is_lost = IsStorageFailure(statuses[i]) || !connection_->InTransaction();
    if (!statuses[i].ok() && (is_alone || is_lost)) {
      return std::exchange(statuses[i], absl::OkStatus());
    }
  }
  transaction_.WriteSummary();
  Query(*connection_, sql::kCommit).Run();
  return absl::OkStatus();
}

absl::Status Writer::RunOne(WriteRequest& request, bool is_alone) {
  // Alone, the transaction itself is the savepoint.
  if (!is_alone) Query(*connection_, sql::kSavepoint).Run();
  absl::Status status = request.Run(transaction_);
  if (status.ok()) {
    if (!is_alone) Query(*connection_, sql::kRelease).Run();
    transaction_.KeepWrite();
    return status;
  }
  transaction_.DropWrite();
  if (!is_alone && connection_->InTransaction()) {
    Query(*connection_, sql::kRollbackTo).Run();
    Query(*connection_, sql::kRelease).Run();
  }
  return status;
}

void Writer::NoteGroup(const Group& group, bool is_failing, std::string_view cause) {
  const auto callers = std::count_if(group.begin(), group.end(), [](const auto& request) {
    return request->admission() == Admission::kNewWork;
  });
  bool was_failing = false;
  {
    base::MutexLock lock(mutex_);
    was_failing = std::exchange(health_.is_failing, is_failing);
    if (!is_failing) ++health_.groups;
    callers_.Go(static_cast<size_t>(callers));
    callers_.OnGroup();
  }
  if (is_failing && !was_failing) {
    base::LogError("storage_failed", {{"cause", cause}});
  } else if (was_failing && !is_failing) {
    base::LogInfo("storage_recovered");
  }
}

std::vector<StoreObserver*> Writer::Observers() const {
  base::MutexLock lock(mutex_);
  return observers_;
}

void Writer::Notify(const Effects& effects) {
  for (StoreObserver* observer : Observers()) {
    if (!effects.ready_lanes.empty()) observer->OnReady(effects.ready_lanes);
    if (!effects.due_endpoints.empty()) observer->OnWebhooksDue(effects.due_endpoints);
    if (!effects.deleted_webhooks.empty()) observer->OnWebhooksDeleted(effects.deleted_webhooks);
    for (const int64_t campaign_id : effects.changed_campaigns) {
      observer->OnCampaignChanged(campaign_id);
    }
    if (!effects.message_changes.empty()) observer->OnMessagesChanged(effects.message_changes);
    if (!effects.operation_changes.empty()) {
      observer->OnOperationsChanged(effects.operation_changes);
    }
  }
}

}  // namespace campaigner::storage::sqlite

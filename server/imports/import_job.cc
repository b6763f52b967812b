#include "server/imports/import_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/requests.h"

namespace campaigner::imports {
namespace {

namespace errors = domain::errors;
namespace limits = base::limits;
using domain::Operation;
using operations::Job;
using Next = Job::Turn::Next;

// Recipients learned in one turn: some ten milliseconds.
constexpr int32_t kLearnRows = 20'000;
// How often to look whether a file is converted, and whether messages have been sent.
constexpr absl::Duration kConversionPause = absl::Milliseconds(100);
constexpr absl::Duration kSendingPause = absl::Milliseconds(200);
// Longer than a provider is waited for, and than a dead server's claims hold.
const absl::Duration kPatience = limits::kClaimLease * 5;
// How long to let the writes of others go first.
constexpr absl::Duration kCourtesy = absl::Milliseconds(20);

std::string ToCheckpoint(const Position& position) {
  return fmt::format("{} {}", position.offset, position.row);
}

// nullopt: at the beginning.
absl::StatusOr<std::optional<Position>> FromCheckpoint(std::string_view checkpoint) {
  if (checkpoint.empty() || checkpoint == kClearFirst) return std::nullopt;
  Position position;
  const char* const end = checkpoint.data() + checkpoint.size();
  auto read = std::from_chars(checkpoint.data(), end, position.offset);
  if (read.ec == std::errc() && read.ptr != end) {
    read = std::from_chars(read.ptr + 1, end, position.row);
    if (read.ec == std::errc() && read.ptr == end) return position;
  }
  return errors::Internal("an import's checkpoint cannot be read");
}

// The file is not what was asked for: said with the words of its reader.
absl::Status Explain(absl::Status status) {
  if (!absl::IsInvalidArgument(status)) return status;
  return errors::UploadUnreadable(base::ToStd(status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Job>> ImportJob::Make(const ImportContext& context,
                                                     const Operation& operation,
                                                     operations::Wake wake) {
  ASSIGN_OR_RETURN(const storage::ImportDetails details, context.store.GetImport(operation.id));
  ASSIGN_OR_RETURN(domain::Account account, context.store.GetAccount(operation.account_id));
  ASSIGN_OR_RETURN(const std::optional<Position> position, FromCheckpoint(operation.checkpoint));
  std::unique_ptr<ImportJob> job(new ImportJob(context, operation, details,
                                               std::move(account.default_region), std::move(wake)));
  job->position_ = position;
  return job;
}

ImportJob::ImportJob(const ImportContext& context, const Operation& operation,
                     const storage::ImportDetails& details, std::string region,
                     operations::Wake wake)
    : context_(context),
      operation_id_(operation.id),
      account_id_(operation.account_id),
      campaign_id_(operation.campaign_id),
      upload_id_(details.upload_id),
      region_(std::move(region)),
      request_(operation.request),
      clears_(operation.checkpoint == kClearFirst),
      step_number_(operation.steps),
      total_units_(operation.total_units),
      before_id_(INT64_MAX),
      pipe_(context.store, context.clock, context.metrics, std::move(wake)) {}

absl::StatusOr<Job::Turn> ImportJob::TakeTurn() {
  switch (phase_) {
    case Phase::kOpen: return Open();
    case Phase::kClear: return Clear();
    case Phase::kLearn: return Learn();
    case Phase::kRead:
    case Phase::kFinish: break;
  }
  ASSIGN_OR_RETURN(const absl::Time retry_time, pipe_.Settle());
  if (retry_time != absl::InfinitePast()) return Turn{.next = Next::kLater, .time = retry_time};
  if (phase_ == Phase::kFinish) {
    return Turn{.next = pipe_.IsEmpty() ? Next::kNever : Next::kLater};
  }
  return Read();
}

storage::OperationStep ImportJob::NextStep() {
  return {.operation_id = operation_id_, .number = step_number_++, .total_units = total_units_};
}

absl::StatusOr<Job::Turn> ImportJob::Open() {
  if (!opening_) {
    ASSIGN_OR_RETURN(format_, context_.read_format(request_));
    opening_.emplace(context_.uploads.PathOf(upload_id_), position_);
  }
  auto source = opening_->Poll(format_);
  if (!source.ok()) return Explain(source.status());
  if (*source == nullptr) {
    return Turn{.next = Next::kLater, .time = context_.clock.Now() + kConversionPause};
  }
  opening_.reset();
  source_ = *std::move(source);
  ASSIGN_OR_RETURN(const auto campaign, context_.store.GetCampaign(campaign_id_));
  mapper_.emplace(context_.phones, format_, campaign->channel, region_);
  judge_.emplace(*mapper_, context_.routes, format_);
  total_units_ = source_->bytes_total();
  phase_ = clears_ ? Phase::kClear : Phase::kLearn;
  return Turn{};
}

absl::StatusOr<Job::Turn> ImportJob::Clear() {
  const absl::Time now = context_.clock.Now();
  ASSIGN_OR_RETURN(const storage::ReplaceStep step,
                   context_.store.CancelReplaced(NextStep(), limits::kMaintenanceRowsMax, now));
  if (step.more) return Turn{};
  if (step.sending == 0) {
    phase_ = Phase::kLearn;
    return Turn{};
  }
  // They may come back to be sent again.
  if (step.cancelled > 0) waits_since_ = now;
  waits_since_ = std::min(waits_since_, now);
  if (now - waits_since_ >= kPatience) return errors::ReplaceIncomplete(step.sending);
  return Turn{.next = Next::kLater, .time = now + kSendingPause};
}

absl::StatusOr<Job::Turn> ImportJob::Learn() {
  ASSIGN_OR_RETURN(before_id_, context_.store.ScanRecipients(
                                   campaign_id_, before_id_, kLearnRows,
                                   [this](std::string_view one) { addresses_.Insert(one); }));
  if (before_id_ == 0) phase_ = Phase::kRead;
  return Turn{};
}

absl::StatusOr<Job::Turn> ImportJob::Read() {
  if (!pipe_.HasRoom()) return Turn{.next = Next::kLater};
  if (context_.store.WriteQueueLength() > limits::kImportWriteQueueMax) {
    return Turn{.next = Next::kLater, .time = context_.clock.Now() + kCourtesy};
  }
  ASSIGN_OR_RETURN(auto step, MakeStep());
  if (step->step.is_last) phase_ = Phase::kFinish;
  pipe_.Send(std::move(step));
  return Turn{.next = phase_ == Phase::kFinish ? Next::kLater : Next::kAtOnce};
}

absl::StatusOr<bool> ImportJob::ReadRows(const domain::Campaign& campaign) {
  size_t bytes = 0;
  judged_count_ = 0;
  while (judged_count_ < limits::kImportStepRows && bytes < limits::kImportStepBytes) {
    ASSIGN_OR_RETURN(const bool has_row, source_->Next(raw_));
    if (!has_row) return !source_->has_ended();
    for (const std::string_view cell : raw_.cells) bytes += cell.size();
    if (judged_count_ == judged_.size()) judged_.emplace_back();
    judge_->Judge(raw_, campaign, judged_[judged_count_++]);
  }
  return true;
}

// The stop-list before the duplicates: an address is in the campaign only if it was let in.
absl::Status ImportJob::DecideRow(JudgedRow& row, storage::ImportStep& step) {
  ++step.counts.rows;
  Recipient& recipient = row.recipient;
  std::string reason = fmt::format("{}", fmt::join(row.problems, "; "));
  if (!reason.empty()) {
    ++step.counts.invalid;
  } else {
    ASSIGN_OR_RETURN(const bool is_stopped,
                     context_.store.IsStopListed(account_id_, recipient.address));
    if (is_stopped) {
      ++step.counts.stop_listed;
      reason = kStopListedProblem;
    } else if (!addresses_.Insert(recipient.address)) {
      ++step.counts.duplicates;
      reason = kDuplicateProblem;
    }
  }
  if (!reason.empty()) {
    step.rejected.push_back(
        {.row = row.number, .reason = std::move(reason), .value = std::move(row.value)});
    return absl::OkStatus();
  }
  ++step.counts.accepted;
  step.rows.push_back({.route_id = row.route_id,
                       .recipient = std::move(recipient.address),
                       .external_id = std::move(recipient.external_id),
                       .fields = std::move(recipient.fields),
                       .segments = row.segments,
                       .cost_micros = row.cost_micros});
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const storage::ImportStep>> ImportJob::MakeStep() {
  ASSIGN_OR_RETURN(const auto campaign, context_.store.GetCampaign(campaign_id_));
  ASSIGN_OR_RETURN(const bool has_more, ReadRows(*campaign));
  auto step = std::make_shared<storage::ImportStep>();
  step->campaign_id = campaign_id_;
  step->rows.reserve(judged_count_);
  for (size_t i = 0; i < judged_count_; ++i) RETURN_IF_ERROR(DecideRow(judged_[i], *step));
  step->step = NextStep();
  step->step.checkpoint = ToCheckpoint(source_->position());
  step->step.done_units = has_more ? source_->bytes_read() : total_units_;
  step->step.messages = step->counts.accepted;
  step->step.is_last = !has_more;
  return step;
}

}  // namespace campaigner::imports

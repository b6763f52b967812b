#include "client/cli/batch_sender.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "client/cpp/retry.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::cli {
namespace {

bool IsPassing(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    return base::GetErrorDetail(status).retry_after.has_value();
  }
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

std::string ReplaceIndexes(const std::string& text, const std::vector<int64_t>& lines) {
  constexpr std::string_view kPrefix = "messages[";
  std::string replaced;
  size_t at = 0;
  while (true) {
    const size_t begin = text.find(kPrefix, at);
    if (begin == std::string::npos) return replaced + text.substr(at);
    size_t index = 0;
    const char* number = text.data() + begin + kPrefix.size();
    const auto [end, error] = std::from_chars(number, text.data() + text.size(), index);
    const bool is_ours = error == std::errc() && *end == ']' && index < lines.size();
    replaced += text.substr(at, begin - at);
    if (!is_ours) {
      replaced += kPrefix;
      at = begin + kPrefix.size();
      continue;
    }
    replaced += fmt::format("line {}", lines[index]);
    at = static_cast<size_t>(end - text.data()) + 1;
    // "line 17: recipient is too short"
    if (at < text.size() && text[at] == '.') {
      replaced += ": ";
      ++at;
    }
  }
}

}  // namespace

absl::Status WithLines(const absl::Status& status, const std::vector<int64_t>& lines) {
  base::ErrorDetail detail = base::GetErrorDetail(status);
  for (base::FieldViolation& violation : detail.violations) {
    violation.field = ReplaceIndexes(violation.field, lines);
  }
  return base::MakeError(status.code(), ReplaceIndexes(std::string(status.message()), lines),
                         std::move(detail));
}

absl::Status BatchSender::Send(Batch batch) {
  RETURN_IF_ERROR(WaitFor(options_.in_flight_max - 1));
  if (batch.request.request_id().empty()) batch.request.set_request_id(client::MakeRequestId());
  ++in_flight_;
  Submit(std::move(batch), 1);
  return absl::OkStatus();
}

absl::Status BatchSender::Finish() { return WaitFor(0); }

void BatchSender::Submit(Batch batch, int attempt) {
  v1::SendMessagesRequest request = batch.request;
  stream_.Send(std::move(request), [this, batch = std::move(batch), attempt](
                                       absl::StatusOr<v1::SendMessagesResponse> result) mutable {
    base::MutexLock lock(mutex_);
    answers_.push_back({std::move(batch), attempt, std::move(result)});
    answered_.notify_one();
  });
}

absl::Status BatchSender::WaitFor(int in_flight) {
  while (in_flight_ > in_flight || (!error_.ok() && in_flight_ > 0)) {
    std::vector<Answer> answers;
    {
      base::MutexLock lock(mutex_);
      answered_.wait(lock, [this] { return !answers_.empty(); });
      answers = std::exchange(answers_, {});
    }
    for (Answer& answer : answers) {
      const absl::Status status = Take(std::move(answer));
      if (!status.ok() && error_.ok()) error_ = status;
    }
  }
  return error_;
}

absl::Status BatchSender::Take(Answer answer) {
  if (answer.result.ok()) {
    --in_flight_;
    on_accepted_(*answer.result);
    return absl::OkStatus();
  }
  const absl::Status& status = answer.result.status();
  if (!IsPassing(status) || answer.attempt >= options_.retry.attempts_max || !error_.ok()) {
    --in_flight_;
    return WithLines(status, answer.batch.lines);
  }
  base::WakeSignal never;
  clock_.SleepUntil(never,
                    clock_.Now() + client::Backoff(options_.retry, answer.attempt, 0.5, status));
  Submit(std::move(answer.batch), answer.attempt + 1);
  return absl::OkStatus();
}

}  // namespace campaigner::cli

#include "client/cli/operation_view.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "client/cli/errors.h"
#include "client/cli/show.h"
#include "client/cli/whole_file.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::cli {
namespace {

using v1::Operation;

// Between two tries to find a server that went away.
constexpr absl::Duration kAgain = absl::Seconds(1);
// What shells say of a program that was interrupted.
constexpr int kExitInterrupted = 128 + SIGINT;

// What the handler writes: it may do nothing that allocates.
std::array<char, 128> interrupt_note = {};

extern "C" void SayAndExit(int /*signal*/) {
  (void)!write(STDERR_FILENO, interrupt_note.data(), std::strlen(interrupt_note.data()));
  _exit(kExitInterrupted);
}

// While it lives, an interrupt ends the program with a note.
class InterruptNote {
 public:
  explicit InterruptNote(const std::string& note) {
    note.copy(interrupt_note.data(), interrupt_note.size() - 1);
    struct sigaction action = {};
    action.sa_handler = SayAndExit;
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptNote() { sigaction(SIGINT, &before_, nullptr); }
  InterruptNote(const InterruptNote&) = delete;
  InterruptNote& operator=(const InterruptNote&) = delete;

 private:
  struct sigaction before_ = {};
};

std::string TimeLeft(const google::protobuf::Duration& left) {
  return absl::FormatDuration(absl::Seconds(left.seconds() + (left.nanos() > 0 ? 1 : 0)));
}

}  // namespace

std::string ShowProgress(const Operation& operation) {
  std::string line;
  const auto add = [&line](const std::string& part) { line += (line.empty() ? "" : "  ") + part; };
  if (operation.import_progress().clearing()) {
    return fmt::format("clearing: {} messages cancelled",
                       operation.import_progress().cleared_messages());
  }
  const double done = static_cast<double>(operation.done_units());
  if (operation.total_units() > 0) {
    add(fmt::format("{:.0f}%", 100 * done / static_cast<double>(operation.total_units())));
  }
  if (operation.has_import_progress()) {
    const double rows = static_cast<double>(operation.import_progress().rows());
    add(fmt::format("{:.0f} rows", rows));
    if (operation.units_per_second() > 0 && done > 0) {
      add(fmt::format("{:.0f} rows/s", operation.units_per_second() * rows / done));
    }
  } else {
    add(fmt::format("{} messages", operation.messages()));
    if (operation.units_per_second() > 0) {
      add(fmt::format("{:.0f}/s", operation.units_per_second()));
    }
  }
  if (operation.has_time_left()) add(TimeLeft(operation.time_left()) + " left");
  return line;
}

void ShowOperation(Session& session, const Operation& operation) {
  if (session.as_json) {
    session.out << ToJson(operation);
    return;
  }
  std::vector<std::pair<std::string, std::string>> lines = {
      {"Operation", std::to_string(operation.id())},
      {"Kind", Operation::Kind_Name(operation.kind())},
      {"State", Operation::State_Name(operation.state())},
      {"Campaign", operation.campaign_id() == 0 ? "" : std::to_string(operation.campaign_id())},
      {"Error", operation.error().message()},
      {"Delayed by", operation.delay().message()},
      {"Progress", ShowProgress(operation)},
      {"Messages", std::to_string(operation.messages())},
      {"Created", ShowTime(operation.create_time(), session.zone)},
      {"Ended", ShowTime(operation.end_time(), session.zone)}};
  if (operation.has_import_progress()) {
    const v1::ImportProgress& progress = operation.import_progress();
    lines.insert(lines.end(), {{"File", progress.file_name()},
                               {"Rows", std::to_string(progress.rows())},
                               {"Accepted", std::to_string(progress.accepted_rows())},
                               {"Duplicates", std::to_string(progress.duplicate_rows())},
                               {"On the stop-list", std::to_string(progress.stop_listed_rows())},
                               {"Invalid", std::to_string(progress.invalid_rows())},
                               {"Cancelled before", std::to_string(progress.cleared_messages())}});
  }
  session.out << FormatCard(lines);
}

absl::StatusOr<Operation> FollowOperation(Session& session, int64_t operation_id) {
  const InterruptNote note(fmt::format(
      "\nit goes on; to see how far it is: campaignctl operations watch {}\n", operation_id));
  const bool shows_bar = !session.as_json && isatty(STDERR_FILENO) == 1;
  base::SystemClock clock;
  base::WakeSignal never;
  Operation latest;
  v1::WatchOperationRequest request;
  request.set_operation_id(operation_id);
  while (true) {
    const absl::Status status =
        session.client.WatchOperation(request, [&](const Operation& operation) {
          latest = operation;
          if (session.as_json) session.out << ToJsonLine(operation) << std::flush;
          if (shows_bar) session.err << "\r\x1b[K" << ShowProgress(operation) << std::flush;
        });
    if (latest.id() != 0 && latest.state() != Operation::RUNNING) break;
    // The server restarts: the operation goes on, and so does the watch.
    if (!absl::IsUnavailable(status) || latest.id() == 0) {
      return status.ok() ? absl::UnavailableError("the watch ended too early") : status;
    }
    clock.SleepUntil(never, clock.Now() + kAgain);
  }
  if (shows_bar) session.err << "\n";
  return latest;
}

absl::Status OutcomeOf(const Operation& operation) {
  if (operation.state() == Operation::CANCELLED) return absl::CancelledError("it was cancelled");
  if (operation.state() != Operation::FAILED) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(operation.error().code()),
                      base::ToAbsl(operation.error().message()));
}

absl::Status SaveRejectedRows(Session& session, int64_t operation_id, const std::string& path) {
  v1::DownloadRejectedRowsRequest request;
  request.set_operation_id(operation_id);
  const auto go_on = [](int64_t) { return true; };
  if (path == "-") {
    return session.client.DownloadRejectedRows(request, session.out, go_on).status();
  }
  return WriteWholeFile(path, [&](std::ostream& file) {
    return session.client.DownloadRejectedRows(request, file, go_on).status();
  });
}

}  // namespace campaigner::cli

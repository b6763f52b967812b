// What becomes of a campaign: figures, progress, retries, exports.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/message_names.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "client/cli/terminal.h"
#include "client/cli/whole_file.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::Message;

// Between two tries to find a server that went away.
constexpr absl::Duration kAgain = absl::Seconds(1);

struct IdOptions {
  int64_t id = 0;
};
struct SeriesOptions {
  int64_t id = 0;
  bool by_hours = false;
};
struct RetryOptions {
  int64_t id = 0;
  std::vector<Message::State> states;
  std::vector<Message::Reason> reasons;
  bool does_not_wait = false;
};
struct ExportOptions {
  int64_t id = 0;
  std::string file;
  std::vector<Message::State> states;
  bool with_text = false;
  bool with_fields = false;
};

void DefineId(CLI::App& command, int64_t& id) {
  command.add_option("id", id, "Campaign")->required();
}

absl::Status Statistics(Session& session, const IdOptions& options) {
  v1::GetCampaignStatisticsRequest request;
  request.set_campaign_id(options.id);
  ASSIGN_OR_RETURN(const auto statistics, session.client.GetCampaignStatistics(request));
  if (session.as_json) {
    session.out << ToJson(statistics);
    return absl::OkStatus();
  }
  Table table({"STATE", "MESSAGES", "SEGMENTS", "COST"});
  const auto add = [&](const std::string& name, int64_t messages, int64_t segments, int64_t cost) {
    table.Add({name, std::to_string(messages), std::to_string(segments),
               ShowMoney(cost, statistics.currency())});
  };
  for (const auto& state : statistics.states()) {
    add(state.state(), state.messages(), state.segments(), state.cost_micros());
  }
  add("all", statistics.messages(), statistics.segments(), statistics.cost_micros());
  session.out << table.Format();
  session.out << fmt::format("pending {}, delivered {}, undelivered {}\n",
                             statistics.pending_messages(), statistics.delivered_messages(),
                             statistics.undelivered_messages());
  return absl::OkStatus();
}

// Every page; --json: one point a line.
absl::Status Series(Session& session, const SeriesOptions& options) {
  v1::GetCampaignTimeSeriesRequest request;
  request.set_campaign_id(options.id);
  request.set_step(options.by_hours ? v1::GetCampaignTimeSeriesRequest::HOUR
                                    : v1::GetCampaignTimeSeriesRequest::MINUTE);
  Table table({"FROM", "STATE", "MESSAGES", "SEGMENTS"});
  do {
    ASSIGN_OR_RETURN(const auto page, session.client.GetCampaignTimeSeries(request));
    for (const auto& point : page.points()) {
      if (session.as_json) session.out << ToJsonLine(point);
      for (const auto& count : point.counts()) {
        table.Add({ShowTime(point.time(), session.zone), count.state(),
                   std::to_string(count.messages()), std::to_string(count.segments())});
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (!session.as_json) session.out << table.Format();
  return absl::OkStatus();
}

int64_t FinalMessages(const v1::CampaignStatistics& statistics) {
  return statistics.messages() - statistics.pending_messages();
}

int64_t Percent(const v1::CampaignStatistics& statistics) {
  const int64_t all = statistics.messages();
  return all == 0 ? 0 : FinalMessages(statistics) * 100 / all;
}

std::string ShowProgress(const v1::CampaignProgress& progress) {
  const v1::CampaignStatistics& statistics = progress.statistics();
  std::string line = fmt::format("{:3} %  {} of {} final, {} delivered, {} undelivered  {:.0f}/s",
                                 Percent(statistics), FinalMessages(statistics),
                                 statistics.messages(), statistics.delivered_messages(),
                                 statistics.undelivered_messages(), progress.messages_per_second());
  if (progress.has_time_left()) line += "  " + ShowDuration(progress.time_left()) + " left";
  if (!progress.outlook().explanation().empty()) line += "  " + progress.outlook().explanation();
  return line;
}

// What fits into 80 columns first.
std::string ShowBar(const v1::CampaignProgress& progress) {
  constexpr int64_t kBarCells = 20;
  const auto cells = static_cast<size_t>(Percent(progress.statistics()) * kBarCells / 100);
  const std::string line =
      fmt::format("[{}{}] {} {}", std::string(cells, '#'), std::string(kBarCells - cells, '-'),
                  v1::Campaign::State_Name(progress.state()), ShowProgress(progress));
  // Not the last column: terminals would go on to the next line.
  return CutToColumns(line, TerminalColumns() - 1);
}

void ShowChange(Session& session, const v1::CampaignProgress& progress) {
  if (session.as_json) {
    session.out << ToJsonLine(progress);
  } else if (IsTerminal(session.out)) {
    session.out << "\r" << ShowBar(progress) << "\x1b[K";
  } else {
    session.out << fmt::format("{}  {} {}\n", ShowTime(progress.time(), session.zone),
                               v1::Campaign::State_Name(progress.state()), ShowProgress(progress));
  }
  session.out << std::flush;
}

// On a terminal one line that changes, else a line for each change. Goes on when the server
// restarts: the campaign does, too.
absl::Status Watch(Session& session, const IdOptions& options) {
  v1::WatchCampaignRequest request;
  request.set_campaign_id(options.id);
  base::SystemClock clock;
  base::WakeSignal never;
  bool has_begun = false;
  absl::Status status;
  while (true) {
    status = session.client.WatchCampaign(request, [&](const v1::CampaignProgress& progress) {
      has_begun = true;
      ShowChange(session, progress);
      return true;
    });
    if (!has_begun || !absl::IsUnavailable(status)) break;
    clock.SleepUntil(never, clock.Now() + kAgain);
  }
  if (!session.as_json && IsTerminal(session.out)) session.out << "\n";
  return status;
}

absl::Status Retry(Session& session, const RetryOptions& options) {
  v1::RetryMessagesRequest request;
  request.set_campaign_id(options.id);
  for (const Message::State state : options.states) request.add_states(state);
  for (const Message::Reason reason : options.reasons) request.add_reasons(reason);
  ASSIGN_OR_RETURN(const v1::Operation begun, session.client.RetryMessages(request));
  return AwaitOperation(session, begun, options.does_not_wait);
}

bool GoOn(int64_t /*bytes*/) { return true; }

absl::Status Export(Session& session, const ExportOptions& options) {
  v1::ExportMessagesRequest request;
  request.set_campaign_id(options.id);
  for (const Message::State state : options.states) request.add_states(state);
  request.set_with_text(options.with_text);
  request.set_with_fields(options.with_fields);
  if (options.file == "-") {
    return session.client.ExportMessages(request, session.out, GoOn).status();
  }
  return WriteWholeFile(options.file, [&](std::ostream& file) {
    return session.client.ExportMessages(request, file, GoOn).status();
  });
}

void DefineRetry(CLI::App& command, RetryOptions& options) {
  // Those are never sent again.
  std::map<std::string, Message::Reason> reasons = ReasonsByName();
  reasons.erase(Message::Reason_Name(Message::ERASED));
  reasons.erase(Message::Reason_Name(Message::REPLACED));
  DefineId(command, options.id);
  command
      .add_option(
          "--state", options.states,
          "Only these; repeatable (UNDELIVERED and EXPIRED; with a reason: all that failed)")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(StatesByName(Message::UNDELIVERED, Message::UNKNOWN),
                                          CLI::ignore_case));
  command
      .add_option("--reason", options.reasons,
                  "Only these; repeatable (any but OPTED_OUT and STATUS_TIMEOUT)")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(reasons, CLI::ignore_case));
  DefineNoWait(command, options.does_not_wait);
}

void DefineExport(CLI::App& command, ExportOptions& options) {
  DefineId(command, options.id);
  command.add_option("file", options.file, "CSV file to write; - for the standard output")
      ->required();
  command.add_option("--state", options.states, "Only these; repeatable")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(StatesByName(Message::ACCEPTED, Message::UNKNOWN),
                                          CLI::ignore_case));
  command.add_flag("--text", options.with_text, "Also the texts");
  command.add_flag("--fields", options.with_fields, "Also a column for each field");
}

}  // namespace

void AddCampaignLifeCommands(CLI::App& campaigns, Action& action) {
  const auto define_id = [](CLI::App& command, IdOptions& options) {
    DefineId(command, options.id);
  };
  AddCommand<IdOptions>(campaigns, action, "stats", "Count its messages by state", define_id,
                        Statistics);
  AddCommand<SeriesOptions>(
      campaigns, action, "series", "What came into each state, minute by minute",
      [](CLI::App& command, SeriesOptions& options) {
        DefineId(command, options.id);
        command.add_flag("--hours", options.by_hours, "Hour by hour");
      },
      Series);
  AddCommand<IdOptions>(campaigns, action, "watch", "Follow its progress until it is over",
                        define_id, Watch);
  AddCommand<RetryOptions>(campaigns, action, "retry", "Send messages again that failed",
                           DefineRetry, Retry);
  AddCommand<ExportOptions>(campaigns, action, "export", "Write its messages into a CSV file",
                            DefineExport, Export);
}

}  // namespace campaigner::cli

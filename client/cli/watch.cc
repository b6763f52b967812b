#include <fmt/format.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>

#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

// How often the counters are asked whether anything is pending.
constexpr absl::Duration kAskInterval = absl::Milliseconds(500);

struct WatchOptions {
  int64_t campaign_id = 0;
  bool final_only = false;
  bool until_done = false;
};

void ShowEvent(Session& session, const v1::MessageEvent& event) {
  if (session.as_json) {
    session.out << ToJsonLine(event) << std::flush;
    return;
  }
  const std::string reason = event.reason() == v1::Message::REASON_UNSPECIFIED
                                 ? ""
                                 : v1::Message::Reason_Name(event.reason());
  std::string line = fmt::format(
      "{}  {:>10}  {:<19}  {:<16}  {}", ShowTime(event.event_time(), session.zone),
      event.message_id(), v1::Message::State_Name(event.state()), reason, event.external_id());
  line.erase(line.find_last_not_of(' ') + 1);
  session.out << line << "\n" << std::flush;
}

absl::StatusOr<v1::CampaignStatistics> Ask(Session& session, int64_t campaign_id) {
  v1::GetCampaignStatisticsRequest request;
  request.set_campaign_id(campaign_id);
  return session.client.GetCampaignStatistics(request);
}

// Asks until nothing is pending, then stops the watch. The error, if it cannot ask.
class DoneWatcher {
 public:
  DoneWatcher(Session& session, int64_t campaign_id)
      : thread_([this, &session, campaign_id](const std::stop_token& end) {
          while (!end.stop_requested()) {
            const auto statistics = Ask(session, campaign_id);
            status_ = statistics.status();
            if (!status_.ok() || statistics->pending_messages() == 0) break;
            clock_.SleepUntil(wake_, clock_.Now() + kAskInterval);
          }
          done_.request_stop();
        }) {}
  ~DoneWatcher() { Join(); }

  std::stop_token done() const { return done_.get_token(); }
  absl::Status End() {
    Join();
    return status_;
  }

 private:
  void Join() {
    thread_.request_stop();
    wake_.Notify();
    if (thread_.joinable()) thread_.join();
  }

  base::SystemClock clock_;
  base::WakeSignal wake_;
  std::stop_source done_;
  absl::Status status_;  // Of the thread, until it is joined.
  std::jthread thread_;
};

absl::Status WatchUntil(Session& session, const WatchOptions& options,
                        const std::stop_token& stop) {
  v1::WatchMessagesRequest request;
  request.set_campaign_id(options.campaign_id);
  request.set_final_only(options.final_only);
  while (true) {
    absl::Status status = session.client.WatchMessages(
        request,
        [&session](const v1::MessageEvent& event) {
          ShowEvent(session, event);
          return true;
        },
        stop);
    if (status.code() != absl::StatusCode::kResourceExhausted) return status;
    session.err << "some changes were missed: they came faster than they could be shown\n";
  }
}

absl::Status Watch(Session& session, const WatchOptions& options) {
  if (!options.until_done) return WatchUntil(session, options, {});
  DoneWatcher watcher(session, options.campaign_id);
  RETURN_IF_ERROR(WatchUntil(session, options, watcher.done()));
  RETURN_IF_ERROR(watcher.End());
  ASSIGN_OR_RETURN(const auto statistics, Ask(session, options.campaign_id));
  session.err << fmt::format("done: {} messages, {} delivered, {} undelivered\n",
                             statistics.messages(), statistics.delivered_messages(),
                             statistics.undelivered_messages());
  return absl::OkStatus();
}

}  // namespace

void AddWatchCommand(CLI::App& app, Action& action) {
  AddCommand<WatchOptions>(
      app, action, "watch", "Show changes of a campaign's messages as they happen",
      [](CLI::App& command, WatchOptions& options) {
        command.add_option("campaign", options.campaign_id, "Campaign")->required();
        command.add_flag("--final", options.final_only, "Final states only");
        command.add_flag("--until_done,--until-done", options.until_done,
                         "End when nothing is pending");
      },
      Watch);
}

}  // namespace campaigner::cli

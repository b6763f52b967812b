#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/batch_sender.h"
#include "client/cli/parse.h"
#include "client/cli/recipients.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct SendOptions {
  int64_t campaign_id = 0;
  std::vector<std::string> to;
  std::optional<std::string> text;
  std::vector<std::string> fields;
  std::string external_id;
  std::string at;
  std::string file = "-";
  RecipientFormat format = RecipientFormat::kAuto;
  int batch = 1000;
};

// Messages to the recipients named on the command line.
absl::Status SendOnes(Session& session, const SendOptions& options) {
  v1::SendMessagesRequest request;
  request.set_campaign_id(options.campaign_id);
  ASSIGN_OR_RETURN(const auto fields, ParseFields(options.fields));
  for (const std::string& recipient : options.to) {
    v1::NewMessage& message = *request.add_messages();
    message.set_recipient(recipient);
    if (options.text) message.set_text(*options.text);
    message.mutable_fields()->insert(fields.begin(), fields.end());
    message.set_external_id(options.external_id);
    if (options.at.empty()) continue;
    ASSIGN_OR_RETURN(const absl::Time time,
                     ParseTime(options.at, base::SystemClock().Now(), session.zone));
    *message.mutable_schedule_time() = ToTimestamp(time);
  }
  ASSIGN_OR_RETURN(const auto response, session.client.SendMessages(request));
  if (session.as_json) {
    session.out << ToJson(response);
    return absl::OkStatus();
  }
  Table table({"ID", "RECIPIENT", "SEGMENTS", "TEXT"});
  for (int i = 0; i < response.messages_size(); ++i) {
    const v1::SentMessage& sent = response.messages(i);
    table.Add({std::to_string(sent.id()), options.to[static_cast<size_t>(i)],
               std::to_string(sent.segments()), sent.text()});
  }
  session.out << table.Format();
  return absl::OkStatus();
}

// Shows how far it got, to people only.
class Progress {
 public:
  explicit Progress(Session& session) : session_(session), is_shown_(isatty(STDERR_FILENO) == 1) {}
  void Add(const v1::SendMessagesResponse& response) {
    accepted_ += response.messages_size();
    if (session_.as_json) {
      for (const auto& sent : response.messages()) session_.out << ToJsonLine(sent);
    }
    if (is_shown_) session_.err << fmt::format("\r{} accepted", accepted_) << std::flush;
  }
  // However it ended: what was accepted stays accepted.
  void End() {
    if (is_shown_) session_.err << "\n";
    if (!session_.as_json) session_.out << fmt::format("accepted {} messages\n", accepted_);
  }

 private:
  Session& session_;
  const bool is_shown_;
  int64_t accepted_ = 0;
};

absl::Status SendLines(std::istream& in, const SendOptions& options, BatchSender& sender) {
  RecipientReader reader(in, options.format);
  Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(auto message, reader.Next());
    const bool is_end = !message.has_value();
    if (!is_end) {
      *batch.request.add_messages() = *std::move(message);
      batch.lines.push_back(reader.line());
    }
    const bool is_full = batch.request.messages_size() >= options.batch;
    if ((is_full || is_end) && !batch.lines.empty()) {
      batch.request.set_campaign_id(options.campaign_id);
      RETURN_IF_ERROR(sender.Send(std::exchange(batch, {})));
    }
    if (is_end) return absl::OkStatus();
  }
}

absl::Status SendMany(Session& session, const SendOptions& options) {
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file);
    if (!file) return absl::InvalidArgumentError("the file cannot be read: " + options.file);
  }
  Progress progress(session);
  const auto stream = session.client.OpenMessageStream();
  BatchSender sender(*stream, {}, [&progress](const auto& response) { progress.Add(response); });
  absl::Status status = SendLines(options.file == "-" ? std::cin : file, options, sender);
  status.Update(sender.Finish());
  progress.End();
  return status;
}

absl::Status Send(Session& session, const SendOptions& options) {
  return options.to.empty() ? SendMany(session, options) : SendOnes(session, options);
}

void Define(CLI::App& command, SendOptions& options) {
  const std::map<std::string, RecipientFormat> formats = {{"auto", RecipientFormat::kAuto},
                                                          {"ndjson", RecipientFormat::kNdjson},
                                                          {"csv", RecipientFormat::kCsv}};
  command.add_option("--campaign", options.campaign_id, "Campaign; lines in JSON may name others");
  CLI::Option* to =
      command.add_option("--to", options.to, "Recipient; repeatable")->allow_extra_args(false);
  command.add_option("--text", options.text, "Takes the place of the template")->needs(to);
  command.add_option("--field", options.fields, "name=value for the template; repeatable")
      ->allow_extra_args(false)
      ->needs(to);
  command.add_option("--external_id", options.external_id, "Goes back in the webhook")->needs(to);
  command.add_option("--at", options.at, "Not sent before (2026-03-01 10:00, +90m)")->needs(to);
  command.add_option("--file", options.file, "Many messages, one a line; - is standard input")
      ->excludes(to);
  command.add_option("--format", options.format, "auto, ndjson or csv")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case));
  command.add_option("--batch", options.batch, "Messages in one call")
      ->check(CLI::Range(1, 10'000));
  command.footer(
      "Lines are {\"recipient\": .., \"text\": .., \"fields\": {..}, \"externalId\": ..} or "
      "recipient,text.\n"
      "A first line of CSV that begins with the cell recipient names the columns: recipient, "
      "text,\n"
      "external_id, and fields of the template.");
}

}  // namespace

void AddSendCommand(CLI::App& app, Action& action) {
  AddCommand<SendOptions>(app, action, "send", "Send messages: one by --to, many from a file",
                          Define, Send);
}

}  // namespace campaigner::cli

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/cli/listing.h"
#include "client/cli/message_names.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::Message;

struct IdOptions {
  int64_t id = 0;
};
struct ListOptions {
  int64_t campaign_id = 0;
  std::vector<Message::State> states;
  std::vector<Message::Reason> reasons;
  std::string external_id;
  std::string recipient;
  bool with_attempts = false;
  int32_t limit = kListLimit;
};

std::string ShowReason(const Message& message) {
  return message.reason() == Message::REASON_UNSPECIFIED ? ""
                                                         : Message::Reason_Name(message.reason());
}

std::string ShowFields(const Message& message) {
  const std::map<std::string, std::string> sorted(message.fields().begin(), message.fields().end());
  std::string text;
  for (const auto& [name, value] : sorted) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

// "main PASSING_FAILURE HTTP 503; main ACCEPTED".
std::string ShowAttempts(const Message& message) {
  std::string text;
  for (const v1::Attempt& attempt : message.attempts()) {
    text += fmt::format("{}{} {}{}{}", text.empty() ? "" : "; ", attempt.route(),
                        v1::Attempt::Outcome_Name(attempt.outcome()),
                        attempt.detail().empty() ? "" : " ", attempt.detail());
  }
  return text;
}

absl::Status Show(Session& session, const absl::StatusOr<Message>& answered) {
  RETURN_IF_ERROR(answered.status());
  const Message& message = *answered;
  if (session.as_json) {
    session.out << ToJson(message);
    return absl::OkStatus();
  }
  session.out << FormatCard({{"Message", std::to_string(message.id())},
                             {"Campaign", std::to_string(message.campaign_id())},
                             {"External id", message.external_id()},
                             {"Recipient", message.recipient()},
                             {"Text", message.text()},
                             {"Fields", ShowFields(message)},
                             {"State", Message::State_Name(message.state())},
                             {"Reason", ShowReason(message)},
                             {"Segments", std::to_string(message.segments())},
                             {"Created", ShowTime(message.create_time(), session.zone)},
                             {"Scheduled", ShowTime(message.schedule_time(), session.zone)},
                             {"Sent", ShowTime(message.send_time(), session.zone)},
                             {"Final", ShowTime(message.final_time(), session.zone)}});
  if (message.attempts().empty()) return absl::OkStatus();
  Table table({"ATTEMPT", "ROUTE", "OUTCOME", "PROVIDER ID", "DETAIL", "RECEIPT", "AT"});
  for (const v1::Attempt& attempt : message.attempts()) {
    table.Add({std::to_string(attempt.number()), attempt.route(),
               v1::Attempt::Outcome_Name(attempt.outcome()), attempt.provider_message_id(),
               attempt.detail(), attempt.receipt_detail(),
               ShowTime(attempt.start_time(), session.zone)});
  }
  session.out << "\n" << table.Format();
  return absl::OkStatus();
}

absl::Status Get(Session& session, const IdOptions& options) {
  v1::GetMessageRequest request;
  request.set_message_id(options.id);
  return Show(session, session.client.GetMessage(request));
}

absl::Status Cancel(Session& session, const IdOptions& options) {
  v1::CancelMessageRequest request;
  request.set_message_id(options.id);
  return Show(session, session.client.CancelMessage(request));
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListMessagesRequest request;
  request.set_campaign_id(options.campaign_id);
  for (const Message::State state : options.states) request.add_states(state);
  for (const Message::Reason reason : options.reasons) request.add_reasons(reason);
  request.set_external_id(options.external_id);
  request.set_recipient(options.recipient);
  if (options.with_attempts) request.set_view(v1::MESSAGE_VIEW_FULL);
  return ShowList<v1::ListMessagesRequest, v1::ListMessagesResponse, Message>(
      session, request, options.limit, &client::Client::ListMessages,
      &v1::ListMessagesResponse::messages,
      Table({"ID", "CAMPAIGN", "RECIPIENT", "STATE", "REASON",
             options.with_attempts ? "ATTEMPTS: ROUTE OUTCOME DETAIL" : "ATTEMPTS", "EXTERNAL ID",
             "CREATED"}),
      [&](const Message& message) {
        return std::vector{
            std::to_string(message.id()),
            std::to_string(message.campaign_id()),
            message.recipient(),
            Message::State_Name(message.state()),
            ShowReason(message),
            options.with_attempts ? ShowAttempts(message) : std::to_string(message.attempt_count()),
            message.external_id(),
            ShowTime(message.create_time(), session.zone)};
      });
}

// Messages to a number, in all campaigns.
struct FindOptions {
  std::string recipient;
  bool with_attempts = false;
  int32_t limit = kListLimit;
};

absl::Status Find(Session& session, const FindOptions& options) {
  ListOptions list;
  list.recipient = options.recipient;
  list.with_attempts = options.with_attempts;
  list.limit = options.limit;
  return List(session, list);
}

void DefineView(CLI::App& command, bool& with_attempts, int32_t& limit) {
  command.add_flag("--attempts", with_attempts, "Every attempt; with --json also texts and fields");
  DefineLimit(command, limit);
}

void DefineList(CLI::App& command, ListOptions& options) {
  command.add_option("--campaign", options.campaign_id, "Campaign")->required();
  command.add_option("--state", options.states, "Only these; repeatable")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(StatesByName(Message::ACCEPTED, Message::UNKNOWN),
                                          CLI::ignore_case));
  command.add_option("--reason", options.reasons, "Only these; repeatable")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(ReasonsByName(), CLI::ignore_case));
  command.add_option("--external_id", options.external_id, "Only with this id of yours");
  command.add_option("--to", options.recipient, "Only to this number");
  DefineView(command, options.with_attempts, options.limit);
}

void DefineId(CLI::App& command, IdOptions& options) {
  command.add_option("id", options.id, "Message")->required();
}

}  // namespace

void AddMessageCommands(CLI::App& app, Action& action) {
  CLI::App& messages = *app.add_subcommand("messages", "Messages");
  messages.require_subcommand(1);
  AddCommand<IdOptions>(messages, action, "get", "Show a message with its attempts", DefineId, Get);
  AddCommand<ListOptions>(messages, action, "list",
                          "List a campaign's messages, newest first (--json: one a line)",
                          DefineList, List);
  AddCommand<FindOptions>(
      messages, action, "find", "List the messages to a number in all campaigns, newest first",
      [](CLI::App& command, FindOptions& options) {
        command.add_option("number", options.recipient, "Number")->required();
        DefineView(command, options.with_attempts, options.limit);
      },
      Find);
  AddCommand<IdOptions>(messages, action, "cancel", "Do not send a message that waits", DefineId,
                        Cancel);
}

}  // namespace campaigner::cli

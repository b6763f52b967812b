#include <string>

#include "client/cli/operation_view.h"
#include "client/cli/session.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct EraseOptions {
  std::string recipient;
  bool does_not_wait = false;
};

absl::Status Erase(Session& session, const EraseOptions& options) {
  v1::EraseRecipientRequest request;
  request.set_recipient(options.recipient);
  ASSIGN_OR_RETURN(const v1::Operation begun, session.client.EraseRecipient(request));
  return AwaitOperation(session, begun, options.does_not_wait);
}

}  // namespace

absl::Status AwaitOperation(Session& session, const v1::Operation& begun, bool does_not_wait) {
  if (does_not_wait) {
    ShowOperation(session, begun);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const v1::Operation ended, FollowOperation(session, begun.id()));
  if (!session.as_json) ShowOperation(session, ended);
  return OutcomeOf(ended);
}

void DefineNoWait(CLI::App& command, bool& does_not_wait) {
  command.add_flag("--no_wait,--no-wait", does_not_wait, "Do not wait for the end");
}

void AddRecipientCommands(CLI::App& app, Action& action) {
  CLI::App& recipients = *app.add_subcommand("recipients", "People who get messages");
  recipients.require_subcommand(1);
  AddCommand<EraseOptions>(
      recipients, action, "erase", "Erase a person from all campaigns; figures stay",
      [](CLI::App& command, EraseOptions& options) {
        command.add_option("number", options.recipient, "Number or address")->required();
        DefineNoWait(command, options.does_not_wait);
      },
      Erase);
}

}  // namespace campaigner::cli

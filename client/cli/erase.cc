#include <fmt/format.h>

#include <string>

#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct EraseOptions {
  std::string recipient;
};

absl::Status Erase(Session& session, const EraseOptions& options) {
  v1::EraseRecipientRequest request;
  request.set_recipient(options.recipient);
  ASSIGN_OR_RETURN(const v1::Operation operation, session.client.EraseRecipient(request));
  ShowStartedOperation(session, operation);
  return absl::OkStatus();
}

}  // namespace

void ShowStartedOperation(Session& session, const v1::Operation& operation) {
  if (session.as_json) {
    session.out << ToJson(operation);
    return;
  }
  session.out << fmt::format("operation {} is {}\n", operation.id(),
                             v1::Operation::State_Name(operation.state()));
}

void AddRecipientCommands(CLI::App& app, Action& action) {
  CLI::App& recipients = *app.add_subcommand("recipients", "People who get messages");
  recipients.require_subcommand(1);
  AddCommand<EraseOptions>(
      recipients, action, "erase", "Erase a person from all campaigns; figures stay",
      [](CLI::App& command, EraseOptions& options) {
        command.add_option("number", options.recipient, "Number or address")->required();
      },
      Erase);
}

}  // namespace campaigner::cli

#include <algorithm>
#include <cstdint>
#include <string>

#include "client/cli/operation_view.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::Operation;

struct IdOptions {
  int64_t id = 0;
};
struct ListOptions {
  int64_t campaign_id = 0;
  int32_t limit = 50;
};
struct RejectedOptions {
  int64_t id = 0;
  std::string path = "-";
};

absl::Status Get(Session& session, const IdOptions& options) {
  v1::GetOperationRequest request;
  request.set_operation_id(options.id);
  ASSIGN_OR_RETURN(const Operation operation, session.client.GetOperation(request));
  ShowOperation(session, operation);
  return absl::OkStatus();
}

absl::Status Cancel(Session& session, const IdOptions& options) {
  v1::CancelOperationRequest request;
  request.set_operation_id(options.id);
  ASSIGN_OR_RETURN(const Operation operation, session.client.CancelOperation(request));
  ShowOperation(session, operation);
  return absl::OkStatus();
}

absl::Status Watch(Session& session, const IdOptions& options) {
  ASSIGN_OR_RETURN(const Operation operation, FollowOperation(session, options.id));
  if (!session.as_json) ShowOperation(session, operation);
  return OutcomeOf(operation);
}

absl::Status Rejected(Session& session, const RejectedOptions& options) {
  return SaveRejectedRows(session, options.id, options.path);
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListOperationsRequest request;
  request.set_campaign_id(options.campaign_id);
  Table table({"ID", "KIND", "STATE", "CAMPAIGN", "PROGRESS", "CREATED", "ENDED"});
  for (int32_t left = options.limit; left > 0;) {
    request.set_page_size(std::min(left, 1000));
    ASSIGN_OR_RETURN(const auto page, session.client.ListOperations(request));
    for (const Operation& operation : page.operations()) {
      if (session.as_json) session.out << ToJsonLine(operation);
      table.Add({std::to_string(operation.id()), Operation::Kind_Name(operation.kind()),
                 Operation::State_Name(operation.state()), std::to_string(operation.campaign_id()),
                 ShowProgress(operation), ShowTime(operation.create_time(), session.zone),
                 ShowTime(operation.end_time(), session.zone)});
    }
    left -= page.operations_size();
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  if (!session.as_json) session.out << table.Format();
  return absl::OkStatus();
}

void DefineId(CLI::App& command, IdOptions& options) {
  command.add_option("id", options.id, "Operation")->required();
}

}  // namespace

void AddOperationCommands(CLI::App& app, Action& action) {
  CLI::App& operations = *app.add_subcommand("operations", "Imports and other long work");
  operations.require_subcommand(1);
  AddCommand<ListOptions>(
      operations, action, "list", "List long work, newest first (--json: one a line)",
      [](CLI::App& command, ListOptions& options) {
        command.add_option("--campaign", options.campaign_id, "Only of this campaign");
        command.add_option("--limit", options.limit, "At most so many")->check(CLI::PositiveNumber);
      },
      List);
  AddCommand<IdOptions>(operations, action, "get", "Show how far it is", DefineId, Get);
  AddCommand<IdOptions>(operations, action, "watch", "Show its progress until it ends", DefineId,
                        Watch);
  AddCommand<IdOptions>(operations, action, "cancel", "End it; what it did stays done", DefineId,
                        Cancel);
  AddCommand<RejectedOptions>(
      operations, action, "rejected", "Rows of an import that did not become messages, as CSV",
      [](CLI::App& command, RejectedOptions& options) {
        command.add_option("id", options.id, "Operation")->required();
        command.add_option("--out", options.path, "File; -: standard output (-)");
      },
      Rejected);
}

}  // namespace campaigner::cli

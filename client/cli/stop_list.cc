#include <fmt/format.h>

#include <string>
#include <vector>

#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct AddOptions {
  std::vector<std::string> addresses;
  std::string note;
};
struct RemoveOptions {
  std::vector<std::string> addresses;
};
struct ListOptions {
  std::string address;
  int32_t limit = 50;
};

absl::Status Add(Session& session, const AddOptions& options) {
  v1::AddToStopListRequest request;
  for (const std::string& address : options.addresses) {
    v1::StopListEntry* entry = request.add_entries();
    entry->set_address(address);
    entry->set_note(options.note);
  }
  ASSIGN_OR_RETURN(const auto answer, session.client.AddToStopList(request));
  session.out << (session.as_json ? ToJson(answer) : fmt::format("{} added\n", answer.added()));
  return absl::OkStatus();
}

absl::Status Remove(Session& session, const RemoveOptions& options) {
  v1::RemoveFromStopListRequest request;
  request.mutable_addresses()->Assign(options.addresses.begin(), options.addresses.end());
  ASSIGN_OR_RETURN(const auto answer, session.client.RemoveFromStopList(request));
  session.out << (session.as_json ? ToJson(answer) : fmt::format("{} removed\n", answer.removed()));
  return absl::OkStatus();
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListStopListRequest request;
  request.set_address(options.address);
  request.set_page_size(options.limit);
  ASSIGN_OR_RETURN(const auto page, session.client.ListStopList(request));
  if (session.as_json) {
    session.out << ToJson(page);
    return absl::OkStatus();
  }
  Table table({"ADDRESS", "SINCE", "NOTE"});
  for (const v1::StopListEntry& entry : page.entries()) {
    table.Add({entry.address(), ShowTime(entry.create_time(), session.zone), entry.note()});
  }
  session.out << table.Format();
  return absl::OkStatus();
}

}  // namespace

void AddStopListCommands(CLI::App& app, Action& action) {
  CLI::App& stop_list = *app.add_subcommand("stop-list", "Addresses to which nothing is sent");
  stop_list.require_subcommand(1);
  AddCommand<AddOptions>(
      stop_list, action, "add", "Put addresses on it",
      [](CLI::App& command, AddOptions& options) {
        command.add_option("addresses", options.addresses, "Numbers or e-mail addresses")
            ->required();
        command.add_option("--note", options.note, "Why");
      },
      Add);
  AddCommand<RemoveOptions>(
      stop_list, action, "remove", "Take addresses off it",
      [](CLI::App& command, RemoveOptions& options) {
        command.add_option("addresses", options.addresses, "Numbers or e-mail addresses")
            ->required();
      },
      Remove);
  AddCommand<ListOptions>(
      stop_list, action, "list", "Show it, newest first",
      [](CLI::App& command, ListOptions& options) {
        command.add_option("--address", options.address, "Only this one");
        command.add_option("--limit", options.limit, "At most so many");
      },
      List);
}

}  // namespace campaigner::cli

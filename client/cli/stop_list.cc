#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "client/cli/listing.h"
#include "client/cli/recipients.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

// Addresses in one call.
constexpr size_t kBatch = 10'000;

struct ChangeOptions {
  std::vector<std::string> addresses;
  std::string file;
  std::string note;
};
struct ListOptions {
  std::string address;
  int32_t limit = kListLimit;
};

// Calls `change` with the addresses of the command line and the file, batch after batch.
absl::Status InBatches(const ChangeOptions& options,
                       absl::FunctionRef<absl::Status(const std::vector<std::string>&)> change) {
  std::vector<std::string> batch = options.addresses;
  if (options.file.empty()) {
    if (batch.empty()) return absl::InvalidArgumentError("give addresses, or --file");
    return change(batch);
  }
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file);
    if (!file) return absl::InvalidArgumentError("the file cannot be read: " + options.file);
  }
  RecipientReader reader(options.file == "-" ? std::cin : file, RecipientFormat::kCsv);
  while (true) {
    ASSIGN_OR_RETURN(const auto line, reader.Next());
    if (line.has_value()) batch.push_back(line->recipient());
    if (!batch.empty() && (!line.has_value() || batch.size() >= kBatch)) {
      RETURN_IF_ERROR(change(batch));
      batch.clear();
    }
    if (!line.has_value()) return absl::OkStatus();
  }
}

absl::Status Add(Session& session, const ChangeOptions& options) {
  v1::AddToStopListResponse all;
  const auto add = [&](const std::vector<std::string>& addresses) {
    v1::AddToStopListRequest request;
    for (const std::string& address : addresses) {
      v1::StopListEntry* entry = request.add_entries();
      entry->set_address(address);
      entry->set_note(options.note);
    }
    const auto answer = session.client.AddToStopList(request);
    if (answer.ok()) all.set_added(all.added() + answer->added());
    return answer.status();
  };
  RETURN_IF_ERROR(InBatches(options, add));
  session.out << (session.as_json ? ToJson(all) : fmt::format("{} added\n", all.added()));
  return absl::OkStatus();
}

absl::Status Remove(Session& session, const ChangeOptions& options) {
  v1::RemoveFromStopListResponse all;
  const auto remove = [&](const std::vector<std::string>& addresses) {
    v1::RemoveFromStopListRequest request;
    request.mutable_addresses()->Assign(addresses.begin(), addresses.end());
    const auto answer = session.client.RemoveFromStopList(request);
    if (answer.ok()) all.set_removed(all.removed() + answer->removed());
    return answer.status();
  };
  RETURN_IF_ERROR(InBatches(options, remove));
  session.out << (session.as_json ? ToJson(all) : fmt::format("{} removed\n", all.removed()));
  return absl::OkStatus();
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListStopListRequest request;
  request.set_address(options.address);
  return ShowList<v1::ListStopListRequest, v1::ListStopListResponse, v1::StopListEntry>(
      session, request, options.limit, &client::Client::ListStopList,
      &v1::ListStopListResponse::entries, Table({"ADDRESS", "SINCE", "NOTE"}),
      [&session](const v1::StopListEntry& entry) {
        return std::vector{entry.address(), ShowTime(entry.create_time(), session.zone),
                           entry.note()};
      });
}

void DefineChange(CLI::App& command, ChangeOptions& options) {
  command.add_option("addresses", options.addresses, "Numbers or e-mail addresses");
  command.add_option("--file", options.file, "More of them, one a line; - is standard input");
}

}  // namespace

void AddStopListCommands(CLI::App& app, Action& action) {
  CLI::App& stop_list = *app.add_subcommand("stop-list", "Addresses to which nothing is sent");
  stop_list.require_subcommand(1);
  AddCommand<ChangeOptions>(
      stop_list, action, "add", "Put addresses on it",
      [](CLI::App& command, ChangeOptions& options) {
        DefineChange(command, options);
        command.add_option("--note", options.note, "Why");
      },
      Add);
  AddCommand<ChangeOptions>(stop_list, action, "remove", "Take addresses off it", DefineChange,
                            Remove);
  AddCommand<ListOptions>(
      stop_list, action, "list", "Show it, newest first (--json: one a line)",
      [](CLI::App& command, ListOptions& options) {
        command.add_option("--address", options.address, "Only this one");
        DefineLimit(command, options.limit);
      },
      List);
}

}  // namespace campaigner::cli

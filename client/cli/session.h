#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/client.h"

namespace campaigner::cli {

// What a command works with.
struct Session {
  client::Client& client;
  std::ostream& out;
  // For progress and remarks; what is piped goes to `out`.
  std::ostream& err;
  bool as_json = false;
  // In which times are read and shown.
  absl::TimeZone zone;
};

// What the chosen command does, set while the command line is parsed. OK, or an error to be shown.
using Action = std::function<absl::Status(Session&)>;

// Adds a command whose action runs with the values of its options; `Options` must be copyable.
// `define` binds options of the command to the members of the Options it is given.
template <typename Options>
CLI::App* AddCommand(CLI::App& parent, Action& action, const std::string& name,
                     const std::string& description,
                     const std::function<void(CLI::App&, Options&)>& define,
                     absl::Status (*run)(Session&, const Options&)) {
  CLI::App* command = parent.add_subcommand(name, description);
  // The parser writes into it long after this function has returned.
  auto options = std::make_shared<Options>();
  define(*command, *options);
  command->callback([&action, options, run] {
    action = [options, run](Session& session) { return run(session, *options); };
  });
  return command;
}

// Shows the progress of long work to its end, and what came of it; its error where it failed.
// `does_not_wait`: shows that it has begun.
absl::Status AwaitOperation(Session& session, const v1::Operation& begun, bool does_not_wait);
void DefineNoWait(CLI::App& command, bool& does_not_wait);

// One function per noun: adds its commands to `app`.
void AddAccountCommands(CLI::App& app, Action& action);
void AddKeyCommands(CLI::App& app, Action& action);
void AddCampaignCommands(CLI::App& app, Action& action);
// Of the noun "campaigns": figures, progress, retries, exports.
void AddCampaignLifeCommands(CLI::App& campaigns, Action& action);
void AddPreviewCommands(CLI::App& campaigns, Action& action);
void AddSendCommand(CLI::App& app, Action& action);
void AddMessageCommands(CLI::App& app, Action& action);
void AddRecipientCommands(CLI::App& app, Action& action);
void AddImportCommands(CLI::App& app, Action& action);
void AddOperationCommands(CLI::App& app, Action& action);
void AddWatchCommand(CLI::App& app, Action& action);
void AddStopListCommands(CLI::App& app, Action& action);
void AddWebhookCommands(CLI::App& app, Action& action);
void AddHealthCommand(CLI::App& app, Action& action);

}  // namespace campaigner::cli

#include "client/cli/app.h"

#include <CLI/CLI.hpp>
#include <string>

#include "client/cli/completion.h"
#include "client/cli/errors.h"
#include "client/cli/parse.h"
#include "client/cli/session.h"

namespace campaigner::cli {
namespace {

struct GlobalOptions {
  std::string server = "127.0.0.1:50051";
  std::string key;
  std::string deadline = "30s";
  bool as_json = false;
  bool uses_tls = false;
  client::TlsOptions tls;
};

void DefineGlobalOptions(CLI::App& app, GlobalOptions& options) {
  app.add_option("--server", options.server, "Where the server listens (127.0.0.1:50051)")
      ->envname("CAMPAIGNER_SERVER");
  app.add_option("--key", options.key,
                 "API key; others on this machine may see it: prefer the variable")
      ->envname("CAMPAIGNER_KEY");
  app.add_option("--deadline", options.deadline, "For one call, its repeats included (30s)");
  app.add_flag("--json", options.as_json, "Answers, and errors of the server, as JSON");
  app.add_flag("--tls", options.uses_tls, "Use TLS, with the system's CAs");
  app.add_option("--tls_ca", options.tls.ca_file, "Use TLS, with the CAs in this PEM file");
  app.add_option("--tls_cert", options.tls.certificate_file, "Certificate to show, PEM");
  app.add_option("--tls_key", options.tls.key_file, "Its key, PEM");
  app.add_option("--tls_name", options.tls.server_name, "Name in the server's certificate");
}

absl::StatusOr<client::ClientOptions> MakeClientOptions(const GlobalOptions& global) {
  client::ClientOptions options;
  options.channel.target = global.server;
  options.api_key = global.key;
  if (global.uses_tls || global.tls.IsAnyGiven()) options.channel.tls = global.tls;
  const auto deadline = ParseDuration(global.deadline);
  if (!deadline.ok()) return deadline.status();
  options.deadline = *deadline;
  return options;
}

absl::Status RunAction(const GlobalOptions& global, const Action& action, std::ostream& out,
                       std::ostream& err) {
  auto options = MakeClientOptions(global);
  if (!options.ok()) return options.status();
  const auto client = client::Client::Create(*std::move(options));
  if (!client.ok()) return client.status();
  Session session{**client, out, err, global.as_json, absl::LocalTimeZone()};
  return action(session);
}

}  // namespace

int RunCampaignctl(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("Talks to a Campaigner server.", "campaignctl");
  app.require_subcommand(1);
  // Options of the program are taken behind commands, too; must come before the commands.
  app.fallthrough();
  app.set_version_flag("--version", "campaignctl " CAMPAIGNER_VERSION);
  app.footer("\n" + ExitCodeHelp());
  GlobalOptions global;
  Action action;
  DefineGlobalOptions(app, global);
  AddAccountCommands(app, action);
  AddKeyCommands(app, action);
  AddCampaignCommands(app, action);
  AddSendCommand(app, action);
  AddMessageCommands(app, action);
  AddRecipientCommands(app, action);
  AddImportCommands(app, action);
  AddOperationCommands(app, action);
  AddWatchCommand(app, action);
  AddStopListCommands(app, action);
  AddWebhookCommands(app, action);
  AddHealthCommand(app, action);
  AddCompletionCommands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kExitOk : kExitUsage;
  }
  const absl::Status status = RunAction(global, action, out, err);
  if (!status.ok()) err << (global.as_json ? ErrorToJson(status) : ShowError(status));
  return ExitCodeOf(status);
}

}  // namespace campaigner::cli

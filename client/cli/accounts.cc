#include <cstdint>
#include <string>

#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct AccountOptions {
  int64_t id = 0;
  v1::Account account;
};

struct ListOptions {
  int32_t limit = 50;
};

absl::Status Show(Session& session, const absl::StatusOr<v1::Account>& answered) {
  RETURN_IF_ERROR(answered.status());
  const v1::Account& account = *answered;
  if (session.as_json) {
    session.out << ToJson(account);
    return absl::OkStatus();
  }
  session.out << FormatCard({{"Account", std::to_string(account.id())},
                             {"Name", account.display_name()},
                             {"Default region", account.default_region()},
                             {"Time zone", account.time_zone()},
                             {"Operator", account.operator_() ? "yes" : ""},
                             {"Created", ShowTime(account.create_time(), session.zone)}});
  return absl::OkStatus();
}

absl::Status Create(Session& session, const AccountOptions& options) {
  v1::CreateAccountRequest request;
  *request.mutable_account() = options.account;
  return Show(session, session.client.CreateAccount(request));
}

absl::Status Get(Session& session, const AccountOptions& options) {
  v1::GetAccountRequest request;
  request.set_account_id(options.id);
  return Show(session, session.client.GetAccount(request));
}

absl::Status Update(Session& session, const AccountOptions& options) {
  v1::UpdateAccountRequest request;
  *request.mutable_account() = options.account;
  request.mutable_account()->set_id(options.id);
  const v1::Account& account = options.account;
  const auto mask = [&request](bool is_given, const char* field) {
    if (is_given) request.mutable_update_mask()->add_paths(field);
  };
  mask(!account.display_name().empty(), "display_name");
  mask(!account.default_region().empty(), "default_region");
  mask(!account.time_zone().empty(), "time_zone");
  if (request.update_mask().paths().empty()) {
    return absl::InvalidArgumentError("nothing to change: give --name, --region or --zone");
  }
  return Show(session, session.client.UpdateAccount(request));
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListAccountsRequest request;
  request.set_page_size(options.limit);
  ASSIGN_OR_RETURN(const auto page, session.client.ListAccounts(request));
  if (session.as_json) {
    session.out << ToJson(page);
    return absl::OkStatus();
  }
  Table table({"ID", "NAME", "REGION", "ZONE", "CREATED"});
  for (const v1::Account& account : page.accounts()) {
    table.Add({std::to_string(account.id()), account.display_name(), account.default_region(),
               account.time_zone(), ShowTime(account.create_time(), session.zone)});
  }
  session.out << table.Format();
  return absl::OkStatus();
}

void DefineValues(CLI::App& command, AccountOptions& options) {
  const auto bind = [&command](const std::string& name, const std::string& help, auto set) {
    return command.add_option_function<std::string>(name, set, help);
  };
  v1::Account& account = options.account;
  bind("--name", "For people", [&account](const std::string& v) { account.set_display_name(v); });
  bind("--region", "Region of numbers without a country code (RU)",
       [&account](const std::string& v) { account.set_default_region(v); });
  bind("--zone", "Time zone of schedules (Europe/Moscow)",
       [&account](const std::string& v) { account.set_time_zone(v); });
}

void DefineId(CLI::App& command, AccountOptions& options) {
  command.add_option("id", options.id, "Account")->required();
}

}  // namespace

void AddAccountCommands(CLI::App& app, Action& action) {
  CLI::App& accounts = *app.add_subcommand("accounts", "Accounts (for the operator)");
  accounts.require_subcommand(1);
  AddCommand<AccountOptions>(accounts, action, "create", "Make an account", DefineValues, Create);
  AddCommand<AccountOptions>(accounts, action, "get", "Show an account", DefineId, Get);
  AddCommand<ListOptions>(
      accounts, action, "list", "List accounts",
      [](CLI::App& command, ListOptions& options) {
        command.add_option("--limit", options.limit, "At most so many");
      },
      List);
  AddCommand<AccountOptions>(
      accounts, action, "update", "Change an account",
      [](CLI::App& command, AccountOptions& options) {
        DefineId(command, options);
        DefineValues(command, options);
      },
      Update);
}

}  // namespace campaigner::cli

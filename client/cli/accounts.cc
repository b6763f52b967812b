#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/listing.h"
#include "client/cli/parse.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

constexpr char kMessages[] = "messages";
constexpr char kSegments[] = "segments";

struct AccountOptions {
  int64_t id = 0;
  std::optional<std::string> name;
  std::optional<std::string> region;
  std::optional<std::string> zone;
  std::optional<int32_t> rate;
  std::optional<std::string> rate_period;
  std::optional<std::string> rate_unit;
};

struct ListOptions {
  int32_t limit = kListLimit;
};

std::string ShowRate(const v1::Account& account) {
  return cli::ShowRate(account.rate_limit(), account.rate_counts_segments(), account.rate_period());
}

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
                             {"Rate", ShowRate(account)},
                             {"Operator", account.operator_() ? "yes" : ""},
                             {"Created", ShowTime(account.create_time(), session.zone)}});
  return absl::OkStatus();
}

// Sets what was given, and names it in the mask.
absl::StatusOr<google::protobuf::FieldMask> ApplyValues(const AccountOptions& options,
                                                        v1::Account& account) {
  google::protobuf::FieldMask mask;
  const auto set = [&](const auto& value, const char* field, auto setter) {
    if (!value) return;
    setter(*value);
    mask.add_paths(field);
  };
  set(options.name, "display_name", [&](const auto& v) { account.set_display_name(v); });
  set(options.region, "default_region", [&](const auto& v) { account.set_default_region(v); });
  set(options.zone, "time_zone", [&](const auto& v) { account.set_time_zone(v); });
  set(options.rate, "rate_limit", [&](int32_t v) { account.set_rate_limit(v); });
  set(options.rate_unit, "rate_counts_segments",
      [&](const auto& v) { account.set_rate_counts_segments(v == kSegments); });
  if (options.rate_period) {
    ASSIGN_OR_RETURN(const absl::Duration period, ParseDuration(*options.rate_period));
    *account.mutable_rate_period() = ToProto(period);
    mask.add_paths("rate_period");
  }
  return mask;
}

absl::Status Create(Session& session, const AccountOptions& options) {
  v1::CreateAccountRequest request;
  RETURN_IF_ERROR(ApplyValues(options, *request.mutable_account()).status());
  return Show(session, session.client.CreateAccount(request));
}

absl::Status Get(Session& session, const AccountOptions& options) {
  v1::GetAccountRequest request;
  request.set_account_id(options.id);
  return Show(session, session.client.GetAccount(request));
}

absl::Status Update(Session& session, const AccountOptions& options) {
  v1::UpdateAccountRequest request;
  ASSIGN_OR_RETURN(*request.mutable_update_mask(),
                   ApplyValues(options, *request.mutable_account()));
  if (request.update_mask().paths().empty()) {
    return absl::InvalidArgumentError("nothing to change: see accounts update --help");
  }
  request.mutable_account()->set_id(options.id);
  return Show(session, session.client.UpdateAccount(request));
}

absl::Status List(Session& session, const ListOptions& options) {
  return ShowList<v1::ListAccountsRequest, v1::ListAccountsResponse, v1::Account>(
      session, {}, options.limit, &client::Client::ListAccounts,
      &v1::ListAccountsResponse::accounts,
      Table({"ID", "NAME", "REGION", "ZONE", "RATE", "CREATED"}),
      [&session](const v1::Account& account) {
        return std::vector{std::to_string(account.id()),
                           account.display_name(),
                           account.default_region(),
                           account.time_zone(),
                           ShowRate(account),
                           ShowTime(account.create_time(), session.zone)};
      });
}

void DefineValues(CLI::App& command, AccountOptions& options) {
  command.add_option("--name", options.name, "For people");
  command.add_option("--region", options.region, "Region of numbers without a country code (RU)");
  command.add_option("--zone", options.zone, "Time zone of schedules (Europe/Moscow)");
  command.add_option("--rate", options.rate,
                     "Most messages of all its campaigns within a rate period; 0: no limit");
  command.add_option("--rate_period", options.rate_period, "1s where absent");
  command.add_option("--rate_unit", options.rate_unit, "messages (default) or segments")
      ->check(CLI::IsMember(std::vector<std::string>{kMessages, kSegments}));
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
      accounts, action, "list", "List accounts (--json: one a line)",
      [](CLI::App& command, ListOptions& options) { DefineLimit(command, options.limit); }, List);
  AddCommand<AccountOptions>(
      accounts, action, "update", "Change an account",
      [](CLI::App& command, AccountOptions& options) {
        DefineId(command, options);
        DefineValues(command, options);
      },
      Update);
}

}  // namespace campaigner::cli

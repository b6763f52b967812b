#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/cli/listing.h"
#include "client/cli/parse.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct CreateOptions {
  int64_t account_id = 0;
  std::string name;
  v1::ApiKey::Scope scope = v1::ApiKey::SEND;
  std::vector<std::string> networks;
  int32_t rate = 0;
  std::string expires;
};

struct ListOptions {
  int64_t account_id = 0;
  int32_t limit = kListLimit;
  bool with_revoked = false;
};

struct IdOptions {
  int64_t id = 0;
};

const std::map<std::string, v1::ApiKey::Scope> kScopes = {
    {"send", v1::ApiKey::SEND}, {"manage", v1::ApiKey::MANAGE}, {"admin", v1::ApiKey::ADMIN}};

std::string ShowScope(v1::ApiKey::Scope scope) { return v1::ApiKey::Scope_Name(scope); }

std::string ShowRate(const v1::ApiKey& key) {
  return key.messages_per_second_max() == 0 ? ""
                                            : fmt::format("{}/s", key.messages_per_second_max());
}

absl::Status Create(Session& session, const CreateOptions& options) {
  v1::CreateApiKeyRequest request;
  request.set_account_id(options.account_id);
  v1::ApiKey& key = *request.mutable_api_key();
  key.set_display_name(options.name);
  key.set_scope(options.scope);
  for (const std::string& network : options.networks) key.add_client_networks(network);
  key.set_messages_per_second_max(options.rate);
  if (!options.expires.empty()) {
    ASSIGN_OR_RETURN(const absl::Time expiry,
                     ParseTime(options.expires, base::SystemClock().Now(), session.zone));
    *key.mutable_expire_time() = ToTimestamp(expiry);
  }
  ASSIGN_OR_RETURN(const auto created, session.client.CreateApiKey(request));
  if (session.as_json) {
    session.out << ToJson(created);
    return absl::OkStatus();
  }
  session.out << FormatCard({{"Key", std::to_string(created.api_key().id())},
                             {"Scope", ShowScope(created.api_key().scope())},
                             {"Secret", created.secret()}});
  session.err << "The secret is shown this once.\n";
  return absl::OkStatus();
}

std::string ShowNetworks(const v1::ApiKey& key) {
  return ShowAll({key.client_networks().begin(), key.client_networks().end()});
}

absl::Status Get(Session& session, const IdOptions& options) {
  v1::GetApiKeyRequest request;
  request.set_api_key_id(options.id);
  ASSIGN_OR_RETURN(const v1::ApiKey key, session.client.GetApiKey(request));
  if (session.as_json) {
    session.out << ToJson(key);
    return absl::OkStatus();
  }
  session.out << FormatCard({{"Key", std::to_string(key.id())},
                             {"Account", std::to_string(key.account_id())},
                             {"Prefix", key.prefix()},
                             {"Name", key.display_name()},
                             {"Scope", ShowScope(key.scope())},
                             {"Networks", ShowNetworks(key)},
                             {"Rate", ShowRate(key)},
                             {"Created", ShowTime(key.create_time(), session.zone)},
                             {"Expires", ShowTime(key.expire_time(), session.zone)},
                             {"Revoked", ShowTime(key.revoke_time(), session.zone)}});
  return absl::OkStatus();
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListApiKeysRequest request;
  request.set_account_id(options.account_id);
  request.set_show_revoked(options.with_revoked);
  return ShowList<v1::ListApiKeysRequest, v1::ListApiKeysResponse, v1::ApiKey>(
      session, request, options.limit, &client::Client::ListApiKeys,
      &v1::ListApiKeysResponse::api_keys,
      Table({"ID", "PREFIX", "SCOPE", "NAME", "NETWORKS", "RATE", "CREATED", "EXPIRES", "REVOKED"}),
      [&session](const v1::ApiKey& key) {
        return std::vector{std::to_string(key.id()),
                           key.prefix(),
                           ShowScope(key.scope()),
                           key.display_name(),
                           ShowNetworks(key),
                           ShowRate(key),
                           ShowTime(key.create_time(), session.zone),
                           ShowTime(key.expire_time(), session.zone),
                           ShowTime(key.revoke_time(), session.zone)};
      });
}

absl::Status Revoke(Session& session, const IdOptions& options) {
  v1::RevokeApiKeyRequest request;
  request.set_api_key_id(options.id);
  ASSIGN_OR_RETURN(const v1::ApiKey key, session.client.RevokeApiKey(request));
  if (session.as_json) {
    session.out << ToJson(key);
  } else {
    session.out << fmt::format("key {} is revoked since {}\n", key.id(),
                               ShowTime(key.revoke_time(), session.zone));
  }
  return absl::OkStatus();
}

void DefineCreate(CLI::App& command, CreateOptions& options) {
  command.add_option("--account", options.account_id, "Account; yours where absent");
  command.add_option("--name", options.name, "Where the key is used");
  command.add_option("--scope", options.scope, "send, manage or admin")
      ->transform(CLI::CheckedTransformer(kScopes, CLI::ignore_case));
  command
      .add_option("--network", options.networks,
                  "Only from this network (203.0.113.0/24); repeatable")
      ->allow_extra_args(false);
  command.add_option("--rate", options.rate, "Most messages per second");
  command.add_option("--expires", options.expires, "Time (2026-03-01 10:00, +720h)");
}

}  // namespace

void AddKeyCommands(CLI::App& app, Action& action) {
  CLI::App& keys = *app.add_subcommand("keys", "API keys");
  keys.require_subcommand(1);
  AddCommand<CreateOptions>(keys, action, "create", "Make a key and show its secret", DefineCreate,
                            Create);
  AddCommand<ListOptions>(
      keys, action, "list", "List keys (--json: one a line)",
      [](CLI::App& command, ListOptions& options) {
        command.add_option("--account", options.account_id, "Account; yours where absent");
        DefineLimit(command, options.limit);
        command.add_flag("--revoked", options.with_revoked, "Revoked ones, too");
      },
      List);
  const auto define_id = [](CLI::App& command, IdOptions& options) {
    command.add_option("id", options.id, "Key")->required();
  };
  AddCommand<IdOptions>(keys, action, "get", "Show a key, but not its secret", define_id, Get);
  AddCommand<IdOptions>(keys, action, "revoke", "Refuse a key from now on", define_id, Revoke);
}

}  // namespace campaigner::cli

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/cli/listing.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::WebhookDelivery;

struct ListOptions {
  int64_t campaign_id = 0;
  int64_t message_id = 0;
  std::vector<WebhookDelivery::State> states;
  int32_t limit = kListLimit;
};
struct IdOptions {
  int64_t id = 0;
};
struct NoOptions {};

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListWebhookDeliveriesRequest request;
  request.set_campaign_id(options.campaign_id);
  request.set_message_id(options.message_id);
  for (const WebhookDelivery::State state : options.states) request.add_states(state);
  return ShowList<v1::ListWebhookDeliveriesRequest, v1::ListWebhookDeliveriesResponse,
                  WebhookDelivery>(
      session, request, options.limit, &client::Client::ListWebhookDeliveries,
      &v1::ListWebhookDeliveriesResponse::deliveries,
      Table({"ID", "MESSAGE", "STATE", "TRIES", "HTTP", "LAST TRY", "NEXT TRY", "LAST ERROR"}),
      [&session](const WebhookDelivery& delivery) {
        const int32_t status = delivery.last_http_status();
        return std::vector{std::to_string(delivery.id()),
                           std::to_string(delivery.message_id()),
                           WebhookDelivery::State_Name(delivery.state()),
                           std::to_string(delivery.attempt_count()),
                           status == 0 ? "" : std::to_string(status),
                           ShowTime(delivery.last_attempt_time(), session.zone),
                           ShowTime(delivery.next_attempt_time(), session.zone),
                           delivery.last_error()};
      });
}

absl::Status Replay(Session& session, const IdOptions& options) {
  v1::ReplayWebhookDeliveryRequest request;
  request.set_delivery_id(options.id);
  ASSIGN_OR_RETURN(const auto delivery, session.client.ReplayWebhookDelivery(request));
  session.out << (session.as_json ? ToJson(delivery)
                                  : fmt::format("delivery {} goes out again to {}\n", delivery.id(),
                                                delivery.url()));
  return absl::OkStatus();
}

absl::Status ReplayFailed(Session& session, const IdOptions& options) {
  v1::ReplayFailedWebhookDeliveriesRequest request;
  request.set_campaign_id(options.id);
  v1::ReplayFailedWebhookDeliveriesResponse all;
  bool more = true;
  while (more) {
    ASSIGN_OR_RETURN(const auto answer, session.client.ReplayFailedWebhookDeliveries(request));
    all.set_replayed(all.replayed() + answer.replayed());
    more = answer.more();
  }
  session.out << (session.as_json ? ToJson(all)
                                  : fmt::format("{} deliveries go out again\n", all.replayed()));
  return absl::OkStatus();
}

absl::Status ShowSecret(Session& session, const absl::StatusOr<v1::WebhookSecret>& secret) {
  RETURN_IF_ERROR(secret.status());
  session.out << (session.as_json ? ToJson(*secret) : secret->secret() + "\n");
  return absl::OkStatus();
}

absl::Status GetSecret(Session& session, const NoOptions& /*options*/) {
  return ShowSecret(session, session.client.GetWebhookSecret());
}

absl::Status RotateSecret(Session& session, const NoOptions& /*options*/) {
  RETURN_IF_ERROR(ShowSecret(session, session.client.RotateWebhookSecret()));
  session.err << "Webhooks carry signatures of the old secret, too, for 24 hours.\n";
  return absl::OkStatus();
}

void DefineList(CLI::App& command, ListOptions& options) {
  const std::map<std::string, WebhookDelivery::State> states = {
      {"PENDING", WebhookDelivery::PENDING},
      {"DELIVERED", WebhookDelivery::DELIVERED},
      {"FAILED", WebhookDelivery::FAILED}};
  command.add_option("--campaign", options.campaign_id, "Campaign")->required();
  command.add_option("--message", options.message_id, "Only of this message");
  command.add_option("--state", options.states, "Only these; repeatable")
      ->allow_extra_args(false)
      ->transform(CLI::CheckedTransformer(states, CLI::ignore_case));
  DefineLimit(command, options.limit);
}

}  // namespace

void AddWebhookCommands(CLI::App& app, Action& action) {
  CLI::App& webhooks = *app.add_subcommand("webhooks", "Webhook deliveries and their secret");
  webhooks.require_subcommand(1);
  const auto define_nothing = [](CLI::App& /*command*/, NoOptions& /*options*/) {};
  AddCommand<ListOptions>(webhooks, action, "list",
                          "List deliveries, newest first (--json: one a line)", DefineList, List);
  AddCommand<IdOptions>(
      webhooks, action, "replay", "Send a delivery again",
      [](CLI::App& command, IdOptions& options) {
        command.add_option("id", options.id, "Delivery")->required();
      },
      Replay);
  AddCommand<IdOptions>(
      webhooks, action, "replay-failed", "Send all failed deliveries of a campaign again",
      [](CLI::App& command, IdOptions& options) {
        command.add_option("campaign", options.id, "Campaign")->required();
      },
      ReplayFailed);
  AddCommand<NoOptions>(webhooks, action, "secret", "Show the secret that signs webhooks",
                        define_nothing, GetSecret);
  AddCommand<NoOptions>(webhooks, action, "rotate-secret", "Make a new secret", define_nothing,
                        RotateSecret);
}

}  // namespace campaigner::cli

// What messages of a campaign will be, before they go.
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/parse.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct PreviewOptions {
  int64_t id = 0;
  int64_t message_id = 0;
  std::vector<std::string> fields;
  std::string recipient;
  std::optional<std::string> text_template;
};
struct EstimateOptions {
  int64_t id = 0;
};

absl::Status Preview(Session& session, const PreviewOptions& options) {
  v1::PreviewMessageRequest request;
  request.set_campaign_id(options.id);
  request.set_message_id(options.message_id);
  request.set_recipient(options.recipient);
  if (options.text_template) request.set_template_(*options.text_template);
  ASSIGN_OR_RETURN(const auto fields, ParseFields(options.fields));
  request.mutable_fields()->insert(fields.begin(), fields.end());
  ASSIGN_OR_RETURN(const auto preview, session.client.PreviewMessage(request));
  if (session.as_json) {
    session.out << ToJson(preview);
    return absl::OkStatus();
  }
  std::string missing;
  for (const std::string& name : preview.missing_values()) {
    missing += (missing.empty() ? "" : ", ") + name;
  }
  session.out << FormatCard({{"Text", preview.text()},
                             {"Coding", preview.coding()},
                             {"Segments", std::to_string(preview.segments())},
                             {"Missing", missing},
                             {"Route", preview.route()},
                             {"Cost", ShowMoney(preview.cost_micros(), preview.currency())}});
  return absl::OkStatus();
}

absl::Status Estimate(Session& session, const EstimateOptions& options) {
  v1::EstimateCampaignRequest request;
  request.set_campaign_id(options.id);
  ASSIGN_OR_RETURN(const auto estimate, session.client.EstimateCampaign(request));
  if (session.as_json) {
    session.out << ToJson(estimate);
    return absl::OkStatus();
  }
  const auto number = [](int64_t value) { return value == 0 ? "" : std::to_string(value); };
  std::string duration;
  if (estimate.has_duration_at_rate()) duration = ShowDuration(estimate.duration_at_rate());
  if (estimate.exceeds_sending_timeout()) duration += ", longer than the Sending Timeout";
  session.out << FormatCard({{"Messages", std::to_string(estimate.messages())},
                             {"Segments", std::to_string(estimate.segments())},
                             {"Cost", ShowMoney(estimate.cost_micros(), estimate.currency())},
                             {"In Unicode", number(estimate.unicode_messages())},
                             {"Without a value", number(estimate.messages_with_missing_values())},
                             {"Will be refused", number(estimate.refused_messages())},
                             {"Longest message", number(estimate.longest_message_id())},
                             {"At its rate", duration}});
  return absl::OkStatus();
}

}  // namespace

void AddPreviewCommands(CLI::App& campaigns, Action& action) {
  AddCommand<PreviewOptions>(
      campaigns, action, "preview", "Show what a recipient will get",
      [](CLI::App& command, PreviewOptions& options) {
        command.add_option("id", options.id, "Campaign")->required();
        command.add_option("--message", options.message_id, "A message of the campaign");
        command.add_option("--field", options.fields, "name=value; repeatable")
            ->allow_extra_args(false);
        command.add_option("--to", options.recipient, "Recipient, for route and cost");
        command.add_option("--template", options.text_template, "Instead of the campaign's");
      },
      Preview);
  AddCommand<EstimateOptions>(
      campaigns, action, "estimate", "Count what all that waits will come to",
      [](CLI::App& command, EstimateOptions& options) {
        command.add_option("id", options.id, "Campaign")->required();
      },
      Estimate);
}

}  // namespace campaigner::cli

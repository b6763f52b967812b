#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/cli/campaign_values.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/clock.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

using v1::Campaign;

struct CreateOptions {
  CampaignValues values;
  bool starts = false;
};
struct UpdateOptions {
  int64_t id = 0;
  CampaignValues values;
};
struct IdOptions {
  int64_t id = 0;
};
struct CopyOptions {
  int64_t id = 0;
  std::string name;
};
struct ListOptions {
  std::vector<Campaign::State> states;
  int32_t limit = 50;
};

std::string Number(int64_t value) { return value == 0 ? "" : std::to_string(value); }

std::string ShowRate(const Campaign& campaign) {
  if (campaign.rate_limit() == 0) return "";
  return fmt::format("{} {} in {}", campaign.rate_limit(),
                     campaign.rate_unit() == Campaign::SEGMENTS ? "segments" : "messages",
                     ShowDuration(campaign.rate_period()));
}

std::string ShowQuietHours(const Campaign& campaign) {
  if (!campaign.has_quiet_hours()) return "";
  const v1::QuietHours& quiet = campaign.quiet_hours();
  return fmt::format("{}:{:02}-{}:{:02} {}", quiet.start_minute() / 60, quiet.start_minute() % 60,
                     quiet.end_minute() / 60, quiet.end_minute() % 60, quiet.fallback_time_zone());
}

absl::Status Show(Session& session, const absl::StatusOr<Campaign>& answered) {
  RETURN_IF_ERROR(answered.status());
  const Campaign& campaign = *answered;
  if (session.as_json) {
    session.out << ToJson(campaign);
    return absl::OkStatus();
  }
  session.out << FormatCard({
      {"Campaign", std::to_string(campaign.id())},
      {"Name", campaign.display_name()},
      {"State", Campaign::State_Name(campaign.state())},
      {"Outlook", campaign.outlook().explanation()},
      {"Channel", campaign.channel()},
      {"Sender", campaign.sender()},
      {"Template", campaign.template_()},
      {"Webhook", campaign.webhook_url()},
      {"Order", Number(campaign.order())},
      {"Attempts", Number(campaign.message_attempts())},
      {"Sending timeout", ShowDuration(campaign.sending_timeout())},
      {"Status timeout", ShowDuration(campaign.status_timeout())},
      {"Retry interval", ShowDuration(campaign.retry_interval())},
      {"Starts", ShowTime(campaign.start_time(), session.zone)},
      {"Finishes", ShowTime(campaign.finish_time(), session.zone)},
      {"Schedule", ShowSchedule(campaign.schedule())},
      {"Time zone", campaign.time_zone()},
      {"Rate", ShowRate(campaign)},
      {"Quiet hours", ShowQuietHours(campaign)},
      {"Ends when sent", campaign.finish_when_sent() ? "yes" : ""},
      {"Created", ShowTime(campaign.create_time(), session.zone)},
  });
  return absl::OkStatus();
}

absl::Status Create(Session& session, const CreateOptions& options) {
  v1::CreateCampaignRequest request;
  RETURN_IF_ERROR(ApplyCampaignValues(options.values, base::SystemClock().Now(), session.zone,
                                      *request.mutable_campaign())
                      .status());
  auto campaign = session.client.CreateCampaign(request);
  if (!options.starts || !campaign.ok()) return Show(session, campaign);
  v1::StartCampaignRequest start;
  start.set_campaign_id(campaign->id());
  return Show(session, session.client.StartCampaign(start));
}

absl::Status Copy(Session& session, const CopyOptions& options) {
  v1::CopyCampaignRequest request;
  request.set_campaign_id(options.id);
  request.set_display_name(options.name);
  return Show(session, session.client.CopyCampaign(request));
}

absl::Status Get(Session& session, const IdOptions& options) {
  v1::GetCampaignRequest request;
  request.set_campaign_id(options.id);
  return Show(session, session.client.GetCampaign(request));
}

absl::Status Update(Session& session, const UpdateOptions& options) {
  v1::UpdateCampaignRequest request;
  ASSIGN_OR_RETURN(*request.mutable_update_mask(),
                   ApplyCampaignValues(options.values, base::SystemClock().Now(), session.zone,
                                       *request.mutable_campaign()));
  if (request.update_mask().paths().empty()) {
    return absl::InvalidArgumentError("nothing to change: see campaigns update --help");
  }
  request.mutable_campaign()->set_id(options.id);
  return Show(session, session.client.UpdateCampaign(request));
}

absl::Status Delete(Session& session, const IdOptions& options) {
  v1::DeleteCampaignRequest request;
  request.set_campaign_id(options.id);
  RETURN_IF_ERROR(session.client.DeleteCampaign(request));
  session.out << (session.as_json ? "{}\n" : fmt::format("campaign {} is deleted\n", options.id));
  return absl::OkStatus();
}

absl::Status List(Session& session, const ListOptions& options) {
  v1::ListCampaignsRequest request;
  request.set_page_size(options.limit);
  for (const Campaign::State state : options.states) request.add_states(state);
  ASSIGN_OR_RETURN(const auto page, session.client.ListCampaigns(request));
  if (session.as_json) {
    session.out << ToJson(page);
    return absl::OkStatus();
  }
  Table table({"ID", "STATE", "NAME", "CREATED", "OUTLOOK"});
  for (const Campaign& campaign : page.campaigns()) {
    table.Add({std::to_string(campaign.id()), Campaign::State_Name(campaign.state()),
               campaign.display_name(), ShowTime(campaign.create_time(), session.zone),
               campaign.outlook().explanation()});
  }
  session.out << table.Format();
  return absl::OkStatus();
}

template <typename Request, absl::StatusOr<Campaign> (client::Client::*Verb)(const Request&)>
absl::Status Run(Session& session, const IdOptions& options) {
  Request request;
  request.set_campaign_id(options.id);
  return Show(session, (session.client.*Verb)(request));
}

void DefineId(CLI::App& command, IdOptions& options) {
  command.add_option("id", options.id, "Campaign")->required();
}

void AddVerbs(CLI::App& campaigns, Action& action) {
  using client::Client;
  const auto add = [&](const char* name, const char* help, auto run) {
    AddCommand<IdOptions>(campaigns, action, name, help, DefineId, run);
  };
  add("get", "Show a campaign", Get);
  add("delete", "Delete a campaign whose messages are all final", Delete);
  add("start", "Start it", Run<v1::StartCampaignRequest, &Client::StartCampaign>);
  add("pause", "Hold it", Run<v1::PauseCampaignRequest, &Client::PauseCampaign>);
  add("resume", "Go on", Run<v1::ResumeCampaignRequest, &Client::ResumeCampaign>);
  add("cancel", "Stop it for good", Run<v1::CancelCampaignRequest, &Client::CancelCampaign>);
}

}  // namespace

void AddCampaignCommands(CLI::App& app, Action& action) {
  CLI::App& campaigns = *app.add_subcommand("campaigns", "Campaigns");
  campaigns.require_subcommand(1);
  AddCommand<CreateOptions>(
      campaigns, action, "create", "Make a campaign",
      [](CLI::App& command, CreateOptions& options) {
        DefineCampaignValues(command, options.values);
        command.get_option("--name")->required();
        command.add_flag("--and_start", options.starts, "Start it at once");
      },
      Create);
  AddCommand<UpdateOptions>(
      campaigns, action, "update", "Change a campaign",
      [](CLI::App& command, UpdateOptions& options) {
        command.add_option("id", options.id, "Campaign")->required();
        DefineCampaignValues(command, options.values);
      },
      Update);
  AddCommand<CopyOptions>(
      campaigns, action, "copy", "Make a campaign with the settings of another",
      [](CLI::App& command, CopyOptions& options) {
        command.add_option("id", options.id, "Campaign")->required();
        command.add_option("--name", options.name, "For people; the old one with \" (copy)\"");
      },
      Copy);
  AddCommand<ListOptions>(
      campaigns, action, "list", "List campaigns, newest first",
      [](CLI::App& command, ListOptions& options) {
        std::map<std::string, Campaign::State> states;
        for (int i = Campaign::NEW; i <= Campaign::CANCELLED; ++i) {
          states[Campaign::State_Name(i)] = static_cast<Campaign::State>(i);
        }
        command.add_option("--state", options.states, "Only these; repeatable")
            ->allow_extra_args(false)
            ->transform(CLI::CheckedTransformer(states, CLI::ignore_case));
        command.add_option("--limit", options.limit, "At most so many");
      },
      List);
  AddVerbs(campaigns, action);
  AddCampaignLifeCommands(campaigns, action);
  AddPreviewCommands(campaigns, action);
}

}  // namespace campaigner::cli

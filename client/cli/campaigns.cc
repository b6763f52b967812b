#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/cli/campaign_values.h"
#include "client/cli/listing.h"
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
  int32_t limit = kListLimit;
};

std::string Number(int64_t value) { return value == 0 ? "" : std::to_string(value); }

std::string ShowQuietHours(const Campaign& campaign) {
  if (!campaign.has_quiet_hours()) return "";
  const v1::QuietHours& quiet = campaign.quiet_hours();
  return fmt::format("{}:{:02}-{}:{:02} {}", quiet.start_minute() / 60, quiet.start_minute() % 60,
                     quiet.end_minute() / 60, quiet.end_minute() % 60, quiet.fallback_time_zone());
}

std::string ShowLateStart(const Campaign& campaign) {
  if (!campaign.has_start_time() || !campaign.has_late_start_after()) return "";
  return fmt::format("{} after {}", Campaign::LateStart_Name(campaign.late_start()),
                     ShowDuration(campaign.late_start_after()));
}

std::string ShowWebhookEvents(const Campaign& campaign) {
  const bool is_told = !campaign.webhook_url().empty() &&
                       campaign.webhook_events() != Campaign::WEBHOOK_EVENTS_UNSPECIFIED;
  return is_told ? Campaign::WebhookEvents_Name(campaign.webhook_events()) : "";
}

std::string ShowKeys(const Campaign& campaign) {
  return fmt::format("{}", fmt::join(campaign.api_key_ids(), ", "));
}

// Times of a campaign are those of its own zone.
absl::TimeZone ZoneOf(const Campaign& campaign, const Session& session) {
  absl::TimeZone zone;
  const bool is_known =
      !campaign.time_zone().empty() && absl::LoadTimeZone(campaign.time_zone(), &zone);
  return is_known ? zone : session.zone;
}

absl::Status Show(Session& session, const absl::StatusOr<Campaign>& answered) {
  RETURN_IF_ERROR(answered.status());
  const Campaign& campaign = *answered;
  if (session.as_json) {
    session.out << ToJson(campaign);
    return absl::OkStatus();
  }
  const absl::TimeZone zone = ZoneOf(campaign, session);
  session.out << FormatCard({
      {"Campaign", std::to_string(campaign.id())},
      {"Name", campaign.display_name()},
      {"State", Campaign::State_Name(campaign.state())},
      {"Outlook", campaign.outlook().explanation()},
      {"Channel", campaign.channel()},
      {"Sender", campaign.sender()},
      {"Template", campaign.template_()},
      {"Missing values", campaign.missing_values() == Campaign::MISSING_VALUES_UNSPECIFIED
                             ? ""
                             : Campaign::MissingValues_Name(campaign.missing_values())},
      {"Webhook", campaign.webhook_url()},
      {"Webhook events", ShowWebhookEvents(campaign)},
      {"Send keys", ShowKeys(campaign)},
      {"Order", Number(campaign.order())},
      {"Attempts", Number(campaign.message_attempts())},
      {"Sending timeout", ShowDuration(campaign.sending_timeout())},
      {"Status timeout", ShowDuration(campaign.status_timeout())},
      {"Retry interval", ShowDuration(campaign.retry_interval())},
      {"Starts", ShowTime(campaign.start_time(), zone)},
      {"Late start", ShowLateStart(campaign)},
      {"Finishes", ShowTime(campaign.finish_time(), zone)},
      {"Schedule", ShowSchedule(campaign.schedule())},
      {"Time zone", campaign.time_zone()},
      {"Rate", ShowRate(campaign.rate_limit(), campaign.rate_unit() == Campaign::SEGMENTS,
                        campaign.rate_period())},
      {"Quiet hours", ShowQuietHours(campaign)},
      {"Ends when sent", campaign.finish_when_sent() ? "yes" : ""},
      {"Created", ShowTime(campaign.create_time(), session.zone)},
  });
  return absl::OkStatus();
}

absl::Status Create(Session& session, const CreateOptions& options) {
  v1::CreateCampaignRequest request;
  RETURN_IF_ERROR(ApplyCampaignValues(options.values, base::SystemClock().Now(), session.zone, {},
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
  Campaign present;
  if (NeedPresentCampaign(options.values)) {
    v1::GetCampaignRequest get;
    get.set_campaign_id(options.id);
    ASSIGN_OR_RETURN(present, session.client.GetCampaign(get));
  }
  v1::UpdateCampaignRequest request;
  ASSIGN_OR_RETURN(*request.mutable_update_mask(),
                   ApplyCampaignValues(options.values, base::SystemClock().Now(), session.zone,
                                       present, *request.mutable_campaign()));
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
  for (const Campaign::State state : options.states) request.add_states(state);
  return ShowList<v1::ListCampaignsRequest, v1::ListCampaignsResponse, Campaign>(
      session, request, options.limit, &client::Client::ListCampaigns,
      &v1::ListCampaignsResponse::campaigns, Table({"ID", "STATE", "NAME", "CREATED", "OUTLOOK"}),
      [&session](const Campaign& campaign) {
        return std::vector{std::to_string(campaign.id()), Campaign::State_Name(campaign.state()),
                           campaign.display_name(), ShowTime(campaign.create_time(), session.zone),
                           campaign.outlook().explanation()};
      });
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
      campaigns, action, "list", "List campaigns, newest first (--json: one a line)",
      [](CLI::App& command, ListOptions& options) {
        std::map<std::string, Campaign::State> states;
        for (int i = Campaign::NEW; i <= Campaign::CANCELLED; ++i) {
          states[Campaign::State_Name(i)] = static_cast<Campaign::State>(i);
        }
        command.add_option("--state", options.states, "Only these; repeatable")
            ->allow_extra_args(false)
            ->transform(CLI::CheckedTransformer(states, CLI::ignore_case));
        DefineLimit(command, options.limit);
      },
      List);
  AddVerbs(campaigns, action);
  AddCampaignLifeCommands(campaigns, action);
  AddPreviewCommands(campaigns, action);
}

}  // namespace campaigner::cli

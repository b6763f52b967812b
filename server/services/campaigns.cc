#include "server/services/campaigns.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/dispatch/campaign_book.h"
#include "server/dispatch/outlook.h"
#include "server/domain/errors/resources.h"
#include "server/services/convert/campaign.h"
#include "server/services/convert/field_mask.h"
#include "server/services/paging.h"
#include "server/services/request_id.h"
#include "server/webhooks/url.h"

namespace campaigner::services {
namespace {

namespace errors = domain::errors;
using domain::CampaignVerb;

const char* VerbName(CampaignVerb verb) {
  switch (verb) {
    case CampaignVerb::kStart: return "start";
    case CampaignVerb::kPause: return "pause";
    case CampaignVerb::kResume: return "resume";
    case CampaignVerb::kCancel: return "cancel";
  }
  return "?";
}

// Whoever types a private address learns it now and not from a failed delivery.
void CheckWebhookAddress(const CallContext& call, const domain::Campaign& campaign,
                         Violations& violations) {
  const absl::Status status =
      webhooks::CheckWebhookAddress(campaign.webhook_url, call.env.webhook_networks);
  if (!status.ok()) violations.Add("campaign.webhook_url", status);
}

void CheckChannel(const CallContext& call, const domain::Campaign& campaign,
                  Violations& violations) {
  const auto& routes = call.env.routes.routes();
  const bool has_route = std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
    return route.options.channel == campaign.channel;
  });
  if (!has_route) violations.Add("campaign.channel", "has no route in the server's configuration");
}

absl::Status CheckKeys(const CallContext& call, const domain::Campaign& campaign,
                       Violations& violations) {
  if (campaign.api_key_ids.size() > base::limits::kCampaignKeysMax) return absl::OkStatus();
  for (const int64_t id : campaign.api_key_ids) {
    const absl::StatusOr<domain::ApiKey> key = call.env.store.GetApiKey(id);
    if (absl::IsNotFound(key.status()) || (key.ok() && key->account_id != call.account_id())) {
      violations.Add("campaign.api_key_ids", fmt::format("names {}, which is no key", id));
    } else if (!key.ok()) {
      return key.status();
    }
  }
  return absl::OkStatus();
}

// The campaign as it is answered.
absl::Status Show(const CallContext& call, const domain::Campaign& campaign, v1::Campaign* proto) {
  const absl::Time now = call.now();
  CampaignToProto(campaign, proto);
  // Time may have made another of it since that was last written down.
  domain::Campaign present = campaign;
  present.state = domain::AfterTime(campaign, now);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, dispatch::CampaignZone(campaign, call.env.store));
  std::vector<storage::CampaignCounter> counters;
  std::optional<dispatch::SendHint> hint;
  std::optional<storage::WaitingMessages> waiting;
  if (present.state == domain::CampaignState::kRunning) {
    auto counted = call.env.store.GetCampaignCounters(campaign.id);
    // Deleted by somebody else in this moment: what was read is answered all the same.
    if (counted.ok()) counters = *std::move(counted);
    hint = call.env.outlook.Find(campaign.id, now);
    if (!hint.has_value()) {
      ASSIGN_OR_RETURN(waiting, call.env.store.PeekWaiting(campaign.id));
    }
  }
  OutlookToProto(dispatch::MakeOutlook({present, zone, counters, hint, waiting}, now),
                 proto->mutable_outlook());
  return absl::OkStatus();
}

absl::Status ApplyVerb(const CallContext& call, int64_t campaign_id, CampaignVerb verb,
                       v1::Campaign* response) {
  Violations violations;
  violations.CheckId("campaign_id", campaign_id);
  RETURN_IF_ERROR(violations.ToStatus());
  const absl::Time now = call.now();
  // Read before the transaction, which must not read.
  ASSIGN_OR_RETURN(const absl::Duration open_time, call.env.store.GetOpenTime(campaign_id, now));
  const bool has_begun = open_time > absl::ZeroDuration();
  ASSIGN_OR_RETURN(
      const domain::Campaign changed,
      call.env.store.ChangeCampaign(
          call.account_id(), campaign_id, now, [&](domain::Campaign& campaign) -> absl::Status {
            const auto state = domain::Apply(verb, campaign, now, has_begun);
            if (!state) {
              return errors::CampaignStateConflict(campaign_id, campaign.state, VerbName(verb));
            }
            campaign.state = *state;
            return absl::OkStatus();
          }));
  return Show(call, changed, response);
}

// "Spring (copy)"; a name that is too long for that stays as it is.
std::string CopiedName(const std::string& name) {
  const std::string copied = name + " (copy)";
  return base::CountCodePoints(copied) > base::limits::kDisplayNameCharsMax ? name : copied;
}

// What an update makes of `campaign`.
absl::Status ApplyUpdate(const v1::UpdateCampaignRequest& request,
                         const std::vector<std::string>& fields, domain::Campaign& campaign) {
  const std::string& etag = request.campaign().etag();
  if (!etag.empty() && etag != std::to_string(campaign.revision)) {
    return errors::EtagMismatch(campaign.id);
  }
  v1::Campaign merged;
  CampaignToProto(campaign, &merged);
  CopyFields(request.campaign(), fields, &merged);
  const auto changes = [&](std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  // Who takes the rate away need not know what else it had.
  if (merged.rate_limit() == 0) {
    if (!changes("rate_period")) merged.clear_rate_period();
    if (!changes("rate_unit")) merged.clear_rate_unit();
  }
  Violations violations;
  domain::Campaign changed = CampaignFromProto(merged, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  changed.id = campaign.id;
  changed.account_id = campaign.account_id;
  changed.template_version = campaign.template_version;
  changed.state = campaign.state;
  changed.create_time = campaign.create_time;
  changed.update_time = campaign.update_time;
  changed.revision = campaign.revision;
  campaign = std::move(changed);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const domain::Campaign>> FindCampaign(const CallContext& call,
                                                                     int64_t campaign_id) {
  Violations violations;
  violations.CheckId("campaign_id", campaign_id);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(auto campaign, call.env.store.GetCampaign(campaign_id));
  if (campaign->account_id != call.account_id()) return errors::CampaignNotFound(campaign_id);
  return campaign;
}

absl::Status CreateCampaign(const CallContext& call, const v1::CreateCampaignRequest& request,
                            v1::Campaign* response) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  domain::Campaign campaign = CampaignFromProto(request.campaign(), violations);
  CheckChannel(call, campaign, violations);
  CheckWebhookAddress(call, campaign, violations);
  RETURN_IF_ERROR(CheckKeys(call, campaign, violations));
  RETURN_IF_ERROR(violations.ToStatus());

  campaign.account_id = call.account_id();
  ASSIGN_OR_RETURN(const domain::Campaign created,
                   call.env.store.CreateCampaign(campaign, request.request_id(), call.now()));
  return Show(call, created, response);
}

absl::Status GetCampaign(const CallContext& call, const v1::GetCampaignRequest& request,
                         v1::Campaign* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  return Show(call, *campaign, response);
}

absl::Status ListCampaigns(const CallContext& call, const v1::ListCampaignsRequest& request,
                           v1::ListCampaignsResponse* response) {
  Violations violations;
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  std::vector<domain::CampaignState> states;
  for (int i = 0; i < request.states_size(); ++i) {
    const int state = request.states(i);
    if (state == v1::Campaign::STATE_UNSPECIFIED || !v1::Campaign::State_IsValid(state)) {
      violations.Add(fmt::format("states[{}]", i), "is no state");
    }
    states.push_back(static_cast<domain::CampaignState>(state));
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(auto campaigns, call.env.store.ListCampaigns(
                                       call.account_id(), states,
                                       {.after_id = page.after_id, .size = page.size + 1}));
  const int64_t next = CutPage(page, campaigns);
  for (const domain::Campaign& campaign : campaigns) {
    RETURN_IF_ERROR(Show(call, campaign, response->add_campaigns()));
  }
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(), next));
  return absl::OkStatus();
}

absl::Status UpdateCampaign(const CallContext& call, const v1::UpdateCampaignRequest& request,
                            v1::Campaign* response) {
  const int64_t campaign_id = request.campaign().id();
  Violations violations;
  violations.CheckId("campaign.id", campaign_id);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const auto fields,
                   ResolveMask(request.update_mask(), request.campaign(),
                               ChangeableCampaignFields(), AbsentMask::kFieldsThatAreSet));
  // Checked against the outside before the transaction, which must not read; everything else is
  // checked inside it, on the campaign as it then is.
  Violations ignored;
  const domain::Campaign asked = CampaignFromProto(request.campaign(), ignored);
  const auto changes = [&](std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  if (changes("channel")) CheckChannel(call, asked, violations);
  if (changes("webhook_url")) CheckWebhookAddress(call, asked, violations);
  if (changes("api_key_ids")) RETURN_IF_ERROR(CheckKeys(call, asked, violations));
  RETURN_IF_ERROR(violations.ToStatus());

  ASSIGN_OR_RETURN(const domain::Campaign changed,
                   call.env.store.ChangeCampaign(call.account_id(), campaign_id, call.now(),
                                                 [&](domain::Campaign& campaign) {
                                                   return ApplyUpdate(request, fields, campaign);
                                                 }));
  return Show(call, changed, response);
}

absl::Status DeleteCampaign(const CallContext& call, const v1::DeleteCampaignRequest& request,
                            google::protobuf::Empty* /*response*/) {
  Violations violations;
  violations.CheckId("campaign_id", request.campaign_id());
  RETURN_IF_ERROR(violations.ToStatus());
  return call.env.store.DeleteCampaign(call.account_id(), request.campaign_id());
}

absl::Status StartCampaign(const CallContext& call, const v1::StartCampaignRequest& request,
                           v1::Campaign* response) {
  return ApplyVerb(call, request.campaign_id(), CampaignVerb::kStart, response);
}

absl::Status PauseCampaign(const CallContext& call, const v1::PauseCampaignRequest& request,
                           v1::Campaign* response) {
  return ApplyVerb(call, request.campaign_id(), CampaignVerb::kPause, response);
}

absl::Status ResumeCampaign(const CallContext& call, const v1::ResumeCampaignRequest& request,
                            v1::Campaign* response) {
  return ApplyVerb(call, request.campaign_id(), CampaignVerb::kResume, response);
}

absl::Status CancelCampaign(const CallContext& call, const v1::CancelCampaignRequest& request,
                            v1::Campaign* response) {
  return ApplyVerb(call, request.campaign_id(), CampaignVerb::kCancel, response);
}

absl::Status CopyCampaign(const CallContext& call, const v1::CopyCampaignRequest& request,
                          v1::Campaign* response) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  violations.CheckText("display_name", request.display_name(), base::limits::kDisplayNameCharsMax);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const auto original, FindCampaign(call, request.campaign_id()));
  domain::Campaign copy = *original;
  copy.state = domain::CampaignState::kNew;
  copy.display_name =
      request.display_name().empty() ? CopiedName(original->display_name) : request.display_name();
  // What lies in the past was the original's time: the copy waits to be given its own.
  if (copy.start_time && *copy.start_time <= call.now()) copy.start_time.reset();
  if (copy.finish_time && *copy.finish_time <= call.now()) copy.finish_time.reset();
  ASSIGN_OR_RETURN(const domain::Campaign created,
                   call.env.store.CreateCampaign(copy, request.request_id(), call.now()));
  return Show(call, created, response);
}

}  // namespace campaigner::services

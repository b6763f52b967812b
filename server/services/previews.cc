#include "server/services/previews.h"

#include <fmt/format.h>

#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/address.h"
#include "server/domain/errors/requests.h"
#include "server/domain/errors/resources.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"
#include "server/services/campaigns.h"
#include "server/services/convert/fields.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;
using domain::Campaign;

// What a preview is about, from the request and the message that it names.
struct Subject {
  std::string text;
  // Placeholders of the template without a value.
  std::vector<std::string> missing = {};
  std::string recipient = {};
  // 0: by the recipient.
  int64_t route_id = 0;
};

void CheckPreview(const v1::PreviewMessageRequest& request, Violations& violations) {
  CheckFields(request.fields(), [&](std::string_view path, std::string_view description) {
    violations.Add(path, description);
  });
  if (!request.has_template_()) return;
  const absl::Status status = domain::ValidateTemplate(request.template_());
  if (!status.ok()) violations.Add("template", status);
}

// The text of `text_template`, which is the campaign's or one that is tried out.
absl::Status Compose(const std::string& text_template, const domain::Fields& fields,
                     const Campaign& campaign, Subject& subject) {
  Violations violations;
  if (fields.size() > limits::kFieldsMax) {
    violations.Add("fields", fmt::format("must be at most {}", limits::kFieldsMax));
  }
  subject.text = domain::Render(text_template, fields, campaign.missing_values);
  if (domain::IsTextTooLong(subject.text)) {
    violations.Add("template", fmt::format("has more than {} characters with these fields",
                                           limits::kTextCharsMax));
  }
  subject.missing = domain::ListMissing(text_template, fields);
  return violations.ToStatus();
}

// A message with nothing put in its place: as it will go.
void TakeMessage(domain::Message message, const Campaign& campaign, Subject& subject) {
  subject.text = std::move(message.text);
  // Its own text, or an earlier template, is as whole as it will be.
  const std::string& present = campaign.template_text;
  if (subject.text == domain::Render(present, message.fields, campaign.missing_values)) {
    subject.missing = domain::ListMissing(present, message.fields);
  }
}

absl::Status ReadRecipient(const CallContext& call, const std::string& recipient,
                           Subject& subject) {
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  auto address = domain::NormalizeAddress(recipient, account->default_region, call.env.phones);
  if (!address.ok()) {
    return domain::errors::InvalidField("recipient", base::ToStd(address.status().message()));
  }
  subject.recipient = *std::move(address);
  subject.route_id = 0;
  return absl::OkStatus();
}

absl::StatusOr<Subject> ReadSubject(const CallContext& call,
                                    const v1::PreviewMessageRequest& request,
                                    const Campaign& campaign) {
  Violations violations;
  CheckPreview(request, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  Subject subject;
  domain::Message message;
  if (request.message_id() != 0) {
    ASSIGN_OR_RETURN(message,
                     call.env.store.GetMessage(call.account_id(), request.message_id(), true));
    if (message.campaign_id != campaign.id) {
      return domain::errors::MessageNotFound(request.message_id());
    }
    subject.recipient = message.recipient;
    subject.route_id = message.route_id;
  }
  if (request.message_id() != 0 && !request.has_template_() && request.fields().empty()) {
    TakeMessage(std::move(message), campaign, subject);
  } else {
    for (const auto& [name, value] : request.fields()) message.fields[name] = value;
    const std::string& text_template =
        request.has_template_() ? request.template_() : campaign.template_text;
    RETURN_IF_ERROR(Compose(text_template, message.fields, campaign, subject));
  }
  if (!request.recipient().empty()) {
    RETURN_IF_ERROR(ReadRecipient(call, request.recipient(), subject));
  }
  return subject;
}

// The message's or the recipient's route; without either, the channel's first. Null: there is none.
const dispatch::Route* FindRoute(const CallContext& call, const Campaign& campaign,
                                 const Subject& subject) {
  const dispatch::RouteTable& routes = call.env.routes;
  if (subject.route_id != 0) return routes.Find(subject.route_id);
  if (!subject.recipient.empty()) {
    const auto id = routes.Pick(campaign.channel, subject.recipient);
    return id.has_value() ? routes.Find(*id) : nullptr;
  }
  for (const dispatch::Route& route : routes.routes()) {
    if (route.options.channel == campaign.channel) return &route;
  }
  return nullptr;
}

}  // namespace

absl::Status PreviewMessage(const CallContext& call, const v1::PreviewMessageRequest& request,
                            v1::MessagePreview* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  ASSIGN_OR_RETURN(Subject subject, ReadSubject(call, request, *campaign));
  const dispatch::Route* route = FindRoute(call, *campaign, subject);
  response->set_text(std::move(subject.text));
  response->set_segments(1);
  if (campaign->channel == "sms") {
    const domain::SmsSize size = domain::MeasureSms(response->text());
    response->set_coding(size.coding == domain::SmsCoding::kUcs2 ? "UCS-2" : "GSM-7");
    response->set_segments(size.segments);
    response->set_units(size.units);
  }
  for (std::string& name : subject.missing) response->add_missing_values(std::move(name));
  if (route != nullptr) {
    response->set_route(route->options.name);
    response->set_cost_micros(response->segments() * call.env.routes.PriceMicros(route->id));
    response->set_currency(call.env.currency);
  }
  return absl::OkStatus();
}

}  // namespace campaigner::services
